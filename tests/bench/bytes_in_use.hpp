// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <malloc.h>

namespace bench {

/// What the allocator has given away, its own share included.
inline double bytes_in_use() {
    auto const of = mallinfo2();
    return static_cast<double>(of.uordblks + of.hblkhd);
}

}  // namespace bench
