// expect: these headers can't be read: give a range of (name, value) pairs, or specialise sallyport::header_access for their type
#include <sallyport/headers.hpp>

#include <string>
#include <utility>
#include <vector>

#ifdef SALLYPORT_CONTROL
using headers = std::vector<std::pair<std::string, std::string>>;
#else
using headers = std::vector<std::string>;
#endif

sallyport::header_view view(headers const& lines) { return lines; }
