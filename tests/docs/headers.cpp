#include <sallyport/openpanel.hpp>

struct my_line {
    std::string_view name() const;
    std::string_view value() const;
};

struct my_headers {
    std::vector<my_line> lines;
};

// the snippet

static_assert(std::constructible_from<sallyport::header_view, my_headers const&>);
