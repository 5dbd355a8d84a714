#include "../catch.hpp"

#include <sallyport/credential/presentation.hpp>
#include <sallyport/headers.hpp>
#include <sallyport/model/uuid.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace sp = sallyport;

namespace {

constexpr std::string_view id = "8f14e45f-ceea-467f-a3a5-1c2b3d4e5f60";
using lines = std::vector<sp::header_line>;

/// The same lines as a host shows them that joins repeated ones.
struct joined {
    lines all;
};

sp::presented_credentials by_fields(lines const& sent) { return sp::two_fields{}.read(sent); }
sp::presented_credentials by_bearer(lines const& sent) { return sp::bearer{}.read(sent); }
sp::presented_credentials by_authorization(std::string_view value) { return by_bearer({{"authorization", value}}); }

bool nothing(sp::presented_credentials const& read) {
    return read.id.empty() && read.secret.empty() && read.origin.empty() && !read.ambiguous && !read.has_origin;
}

}  // namespace

template <>
struct sallyport::header_access<joined> {
    static constexpr bool joins_lines = true;

    template <class Visit>
    static void for_each(joined const& headers, Visit&& visit) {
        for (auto const& line : headers.all) visit(line.name, line.value);
    }
};

static_assert(sp::credential_presentation<sp::two_fields>);
static_assert(sp::credential_presentation<sp::bearer>);

TEST_CASE("two fields hold the id and the secret, under names of the host's choice") {
    lines const sent{{"X-Id", id}, {"X-Key", "a secret"}, {"client-id", "another"}, {"authorization", "Bearer a.b"}};
    auto const read = sp::two_fields{.id = "x-id", .secret = "x-key"}.read(sent);
    CHECK(read.id == id);
    CHECK(read.secret == "a secret");
    CHECK_FALSE(read.ambiguous);
    CHECK_FALSE(read.has_origin);
}

TEST_CASE("what is read is a view of the host's own bytes") {
    std::string const sent = " \ta secret\t ";
    auto const read = by_fields({{"client-secret", sent}});
    CHECK(read.secret == "a secret");
    CHECK(read.secret.data() == sent.data() + 2);
}

TEST_CASE("white space that is neither blank nor tab is part of a value") {
    CHECK(by_fields({{"client-secret", "\va secret\n"}}).secret == "\va secret\n");
    CHECK(by_fields({{"client-id", "\xc2\xa0"}}).id == "\xc2\xa0");
}

TEST_CASE("a field that is absent, empty or blank presents nothing") {
    CHECK(nothing(by_fields({})));
    CHECK(nothing(by_fields({{"client-id", ""}, {"client-secret", " \t "}, {"origin", "\t"}})));
}

TEST_CASE("an empty line counts as absent beside a full one") {
    for (auto const& sent :
         {lines{{"client-id", ""}, {"client-id", id}}, lines{{"client-id", id}, {"client-id", " "}}}) {
        auto const read = by_fields(sent);
        CHECK(read.id == id);
        CHECK_FALSE(read.ambiguous);
    }
}

TEST_CASE("equal lines are one, whatever surrounds their values") {
    auto const read = by_fields({{"client-id", id},
                                 {"Client-Id", " 8f14e45f-ceea-467f-a3a5-1c2b3d4e5f60\t"},
                                 {"client-secret", "s"},
                                 {"CLIENT-SECRET", "s"},
                                 {"client-secret", "s"}});
    CHECK(read.id == id);
    CHECK(read.secret == "s");
    CHECK_FALSE(read.ambiguous);
}

TEST_CASE("two different values of the id or of the secret are ambiguous") {
    CHECK(by_fields({{"client-id", id}, {"client-id", "x"}}).ambiguous);
    CHECK(by_fields({{"client-secret", "a"}, {"client-secret", "b"}}).ambiguous);
    CHECK(by_fields({{"client-secret", "a"}, {"client-secret", "b"}, {"client-secret", "a"}}).ambiguous);
    CHECK(by_fields({{"client-secret", "a"}, {"client-secret", ""}, {"client-secret", "a b"}}).ambiguous);
    // The same id in either case is the same client, but not the same value.
    CHECK(by_fields({{"client-id", id}, {"client-id", "8F14E45F-CEEA-467F-A3A5-1C2B3D4E5F60"}}).ambiguous);
}

TEST_CASE("a comma makes an id malformed and is part of a secret") {
    std::string const twice = std::string(id) + ", " + std::string(id);
    auto const read = by_fields({{"client-id", twice}, {"client-secret", "one,two"}});
    CHECK(read.id == twice);
    CHECK_FALSE(sp::parse_uuid_v4(read.id));
    CHECK(read.secret == "one,two");
    CHECK_FALSE(read.ambiguous);
}

TEST_CASE("where the host joins lines, a comma is ambiguous") {
    CHECK(sp::two_fields{}.read(joined{{{"client-id", "a,b"}}}).ambiguous);
    CHECK(sp::two_fields{}.read(joined{{{"client-secret", "a, a"}}}).ambiguous);
    CHECK_FALSE(
        sp::two_fields{}.read(joined{{{"client-id", id}, {"client-secret", "a"}, {"accept", "a, b"}}}).ambiguous);
    CHECK(sp::bearer{}.read(joined{{{"authorization", "Bearer a.b, Bearer c.d"}}}).ambiguous);
    auto const origins = sp::two_fields{}.read(joined{{{"origin", "https://a.example, https://b.example"}}});
    CHECK(origins.origin.empty());
    CHECK(origins.has_origin);
}

TEST_CASE("two different origins match nothing, and are no ambiguity of the credentials") {
    lines const two{{"origin", "https://a.example"}, {"Origin", "https://b.example"}};
    for (auto const& read : {by_fields(two), by_bearer(two)}) {
        CHECK(read.origin.empty());
        CHECK(read.has_origin);
        CHECK_FALSE(read.ambiguous);
    }
    lines const same{{"origin", "https://a.example"}, {"Origin", "https://a.example "}, {"origin", ""}};
    for (auto const& read : {by_fields(same), by_bearer(same)}) {
        CHECK(read.origin == "https://a.example");
        CHECK(read.has_origin);
    }
}

TEST_CASE("a bearer token is the id, a dot and the secret") {
    auto const read = by_authorization("Bearer 8f14e45f-ceea-467f-a3a5-1c2b3d4e5f60.a-secret");
    CHECK(read.id == id);
    CHECK(read.secret == "a-secret");
    CHECK_FALSE(read.ambiguous);
}

TEST_CASE("dots after the first, commas and blanks are part of a token's secret") {
    CHECK(by_authorization("Bearer id.a.b.c").secret == "a.b.c");
    CHECK(by_authorization("Bearer id..").secret == ".");
    CHECK(by_authorization("Bearer id.a,b").secret == "a,b");
    CHECK(by_authorization("Bearer id.a b").secret == "a b");
    CHECK_FALSE(by_authorization("Bearer id.a,b").ambiguous);
}

TEST_CASE("the scheme of a token is read in either case, with any number of blanks after it") {
    for (std::string_view value :
         {"bearer id.s", "BEARER id.s", "bEaReR id.s", "Bearer   id.s", " Bearer id.s ", "Bearer \t id.s\t"}) {
        INFO(value);
        CHECK(by_authorization(value).id == "id");
        CHECK(by_authorization(value).secret == "s");
    }
}

TEST_CASE("a token without a dot is an id without a secret, and one that begins with a dot has no id") {
    CHECK(by_authorization("Bearer id").id == "id");
    CHECK(by_authorization("Bearer id").secret.empty());
    CHECK(by_authorization("Bearer id.").secret.empty());
    CHECK(by_authorization("Bearer .secret").id.empty());
    CHECK(by_authorization("Bearer .secret").secret == "secret");
}

TEST_CASE("another scheme, or none, presents nothing") {
    for (std::string_view value :
         {"", "Bearer", "Bearer ", "Basic aWQ6cw==", "Beare id.s", "Bearerid.s", "Bearer\tid.s", "Bearer:id.s",
          "xBearer id.s", "id.s", "Token id.s", "Basic Bearer id.s"}) {
        INFO(value);
        CHECK(nothing(by_authorization(value)));
    }
}

TEST_CASE("two different Authorization lines are ambiguous, whatever their schemes") {
    CHECK(by_bearer({{"authorization", "Bearer a.b"}, {"authorization", "Bearer a.c"}}).ambiguous);
    CHECK(by_bearer({{"authorization", "Basic aWQ6cw=="}, {"authorization", "Bearer a.b"}}).ambiguous);
    CHECK(by_bearer({{"authorization", "Bearer a.b"}, {"authorization", "Basic aWQ6cw=="}}).ambiguous);
    CHECK_FALSE(by_bearer({{"authorization", "Bearer a.b"}, {"Authorization", "Bearer a.b"}}).ambiguous);
    CHECK_FALSE(by_bearer({{"authorization", ""}, {"Authorization", "Bearer a.b"}}).ambiguous);
}

TEST_CASE("one way of presenting ignores the other's fields") {
    lines const both{{"client-id", "a"}, {"client-id", "b"}, {"client-secret", "c"}, {"authorization", "Bearer id.s"}};
    CHECK(by_bearer(both).id == "id");
    CHECK_FALSE(by_bearer(both).ambiguous);
    CHECK(by_fields({{"authorization", "Bearer id.s"}, {"authorization", "Bearer x.y"}}).id.empty());
    CHECK_FALSE(by_fields({{"authorization", "Bearer id.s"}, {"authorization", "Bearer x.y"}}).ambiguous);
}

TEST_CASE("a request is read at compile time as it is at run time") {
    static constexpr sp::header_line sent[] = {{"Client-Id", " 8f14e45f-ceea-467f-a3a5-1c2b3d4e5f60"},
                                               {"client-secret", "s"},
                                               {"AUTHORIZATION", "bearer id.t"}};
    STATIC_REQUIRE(sp::two_fields{}.read(sent).id == id);
    STATIC_REQUIRE(sp::two_fields{}.read(sent).secret == "s");
    STATIC_REQUIRE(sp::bearer{}.read(sent).secret == "t");
}
