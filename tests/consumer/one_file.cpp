// Somebody else's program, which needs all headers, the language's version, and fmt's library.
#include <sallyport/openpanel.hpp>
#include <sallyport/sallyport.hpp>

#include <fmt/core.h>

#include <string_view>

using namespace sallyport::literals;

int main() {
    auto const id = "8f14e45f-ceea-467f-a3a5-1c2b3d4e5f60"_uuid.text();
    fmt::print("{}\n", std::string_view(id.data(), id.size()));
}
