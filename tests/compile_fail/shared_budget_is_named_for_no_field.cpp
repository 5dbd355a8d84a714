// expect: a_shared_budget_has_a_name_of_1_to_32_letters_digits_dashes_and_underscores
#include <sallyport/rules.hpp>

#ifdef SALLYPORT_CONTROL
inline constexpr sallyport::budget_name name("all-of-acme");
#else
inline constexpr sallyport::budget_name name("all of acme");
#endif
