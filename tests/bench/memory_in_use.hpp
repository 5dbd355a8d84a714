// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <malloc.h>
#include <unistd.h>

#include <cstddef>
#include <fstream>
#include <string>

namespace bench {

/// What the allocator has given away, its own share included. What was mapped is not counted.
inline double bytes_allocated() {
    auto const of = mallinfo2();
    return static_cast<double>(of.uordblks + of.hblkhd);
}

/// What the program may write to (`data` of proc(5)'s statm), or, if it is resident, what lies in the machine's memory.
inline double bytes_in_use(bool resident) {
    malloc_trim(0);
    std::ifstream file("/proc/self/statm");
    double size = 0, in_memory = 0, shared = 0, text = 0, library = 0, data = 0;
    file >> size >> in_memory >> shared >> text >> library >> data;
    return (resident ? in_memory : data) * static_cast<double>(sysconf(_SC_PAGESIZE));
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
