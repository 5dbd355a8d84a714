#include <sallyport/headers.hpp>

#include <vector>

struct my_line {
    std::string_view name() const;
    std::string_view value() const;
};
struct my_headers {
    std::vector<my_line> lines;
};

// the snippet

static_assert(sallyport::header_source<my_headers>);
