#include <sallyport/openpanel.hpp>

#include <array>
#include <cstdint>

namespace sp = sallyport;
namespace op = sallyport::openpanel;

std::array<std::uint8_t, 16> sixteen_secret_bytes();

std::size_t load(std::vector<op::client> const& records, std::vector<sp::project> const& projects) {
    // the snippet
    return clients.size();
}
