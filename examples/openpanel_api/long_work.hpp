// SPDX-License-Identifier: BSL-1.0
#pragma once

namespace demo {

/// Has the calling thread give way to those that need the processor briefly: an expensive hash keeps it for as long as
/// thousands of answers take. On Linux alone; from 6.12 on others need not wait for the end of its slice either.
void give_way() noexcept;

}  // namespace demo
