// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <malloc.h>

#include <cstddef>
#include <fstream>
#include <string>

namespace bench {

/// What the allocator has given away, its own share included.
inline double bytes_in_use() {
    auto const of = mallinfo2();
    return static_cast<double>(of.uordblks + of.hblkhd);
}

/// How many bytes the machine can still give.
inline std::size_t available_memory() {
    std::ifstream file("/proc/meminfo");
    for (std::string name, unit; file >> name;) {
        std::size_t kilobytes = 0;
        file >> kilobytes;
        std::getline(file, unit);
        if (name == "MemAvailable:") return kilobytes << 10;
    }
    return 0;
}

}  // namespace bench
