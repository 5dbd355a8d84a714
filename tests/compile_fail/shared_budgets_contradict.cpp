// expect: shared_budgets_have_names_of_their_own_some_api_and_at_most_four_windows_an_api
#include <sallyport/rules.hpp>

using namespace std::chrono_literals;
using sallyport::at_most;
using sallyport::shared_by;

enum class api { read, write };

inline constexpr sallyport::quotas three{at_most(1).per(1s), at_most(2).per(2s), at_most(3).per(3s)};

#ifdef SALLYPORT_CONTROL
inline constexpr sallyport::shared_budgets<api> shared{{"organization", shared_by::organization, three, {api::read}},
                                                       {"project", shared_by::project, three, {api::write}}};
#else
inline constexpr sallyport::shared_budgets<api> shared{{"organization", shared_by::organization, three, {api::read}},
                                                       {"project", shared_by::project, three}};
#endif
