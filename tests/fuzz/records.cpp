// SPDX-License-Identifier: BSL-1.0
#include "property.hpp"

#include "../../examples/openpanel_api/records.hpp"

#include <nlohmann/json.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

namespace sp = sallyport;
namespace op = sallyport::openpanel;
using nlohmann::json;

demo::hash_schemes const& verifier() {
    static demo::hash_schemes const made = [] {
        std::vector<sp::pepper> peppers;
        peppers.push_back({"", sp::secret("a pepper of 16 bytes and more")});
        return demo::hash_schemes(sp::sha256_scheme(), sp::hmac_scheme(std::move(peppers)),
                                  sp::openssl::openpanel_scrypt(), sp::openssl::scrypt(), sp::sodium::argon2id());
    }();
    return made;
}

/// A file that is no more than its content, under a name.
class content {
public:
    explicit content(std::string_view text) : file_(memfd_create("records", 0)) {
        require(file_ >= 0 && write(file_, text.data(), text.size()) == static_cast<ssize_t>(text.size()),
                "the file can be written (of the test itself)");
    }
    content(content const&) = delete;
    content& operator=(content const&) = delete;
    ~content() { close(file_); }

    std::string name() const { return "/proc/self/fd/" + std::to_string(file_); }

private:
    int file_;
};

bool is_one_line(std::string const& text) {
    return std::none_of(text.begin(), text.end(), [](unsigned char c) { return std::iscntrl(c) != 0; });
}

/// How many members all objects of a document name, those named twice counted twice.
class name_count : public nlohmann::json_sax<json> {
public:
    std::size_t names = 0;

    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t, string_t const&) override { return true; }
    bool string(string_t&) override { return true; }
    bool binary(binary_t&) override { return true; }
    bool start_object(std::size_t) override { return true; }
    bool end_object() override { return true; }
    bool start_array(std::size_t) override { return true; }
    bool end_array() override { return true; }
    bool parse_error(std::size_t, std::string const&, nlohmann::detail::exception const&) override { return false; }
    bool key(string_t&) override { return ++names > 0; }
};

/// How many members all objects of a document hold.
std::size_t members_of(json const& value) {
    std::size_t count = value.is_object() ? value.size() : 0;
    if (value.is_structured()) {
        for (auto const& part : value) count += members_of(part);
    }
    return count;
}

bool has_only(json const& object, std::set<std::string> const& names) {
    auto const all = object.items();
    return std::all_of(all.begin(), all.end(), [&](auto const& member) { return names.contains(member.key()); });
}

void check_secret(sp::stored_secret const& secret, json const& said) {
    require(has_only(said, {"hash", "not_before", "expires"}), "a secret has no member of another name");
    auto const again = verifier().parse(verifier().text(secret.hash));
    require(bool(again) && again.value().id == secret.id, "a secret's form can be written and read again");
    require(bool(verifier().parse(said.at("hash").get<std::string>())), "a secret's form is one that is verified here");
    require(secret.not_before.has_value() == said.contains("not_before") &&
                secret.expires.has_value() == said.contains("expires"),
            "a secret's times are those of the file");
}

void check_client(op::client const& client, json const& said) {
    require(has_only(said, {"id", "type", "organization", "project", "secrets", "origins", "disabled", "limits"}),
            "a client has no member of another name");
    auto const id = client.id.text();
    auto text = said.at("id").get<std::string>();
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    require(std::string(id.data(), id.size()) == text, "a client's id is the file's, in lower case");
    require(id[14] == '4' && std::string_view("89ab").find(id[19]) != std::string_view::npos,
            "a client's id is a version 4 UUID");
    require(sp::enumerator_name(client.level) == said.at("type").get<std::string>(), "a client has the file's type");
    require(client.organization.view() == said.at("organization").get<std::string>(),
            "a client has the file's organisation");
    require(client.project.view() == (said.at("project").is_null() ? "" : said.at("project").get<std::string>()),
            "a client has the file's project");
    require(client.disabled == said.value("disabled", false), "a client is disabled where the file says so");
    require(client.origins.size() == said.value("origins", json::array()).size(), "a client has the file's origins");
    require(client.limits.size() == said.value("limits", json::object()).size(), "a client has the file's limits");
    require(client.secrets.size() == said.at("secrets").size(), "a client has the file's secrets");
    for (std::size_t i = 0; i < client.secrets.size(); ++i) check_secret(client.secrets[i], said["secrets"][i]);
}

/// What no record shows by itself: none is there twice, and each is of a form that its type may have.
bool fit_together(json const& file) {
    std::set<std::string> ids;
    std::set<std::string> projects;
    for (auto const& project : file["projects"]) {
        if (!projects.insert(project["id"]).second) return false;
    }
    for (auto const& client : file["clients"]) {
        std::string id = client["id"];
        std::transform(id.begin(), id.end(), id.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        bool const belongs = (client["type"] == "root") == client["project"].is_null();
        if (!ids.insert(id).second || !belongs || client["secrets"].size() > 4) return false;
    }
    return true;
}

void check_accepted(demo::records const& loaded, std::string_view text) {
    auto const file = json::parse(text, nullptr, false);
    require(!file.is_discarded(), "an accepted file is JSON");
    name_count counted;
    require(json::sax_parse(text, &counted) && counted.names == members_of(file), "no member is there twice");
    require(file.size() == 2 && loaded.clients.size() == file.at("clients").size() &&
                loaded.projects.size() == file.at("projects").size(),
            "all records of the file are there");
    for (std::size_t i = 0; i < loaded.clients.size(); ++i) check_client(loaded.clients[i], file["clients"][i]);

    auto const stored = op::clients::make(loaded.clients, loaded.projects);
    require(bool(stored) == fit_together(file), "a store takes the records if they fit together");
    require(bool(stored) == stored.message().empty() && is_one_line(stored.message()),
            "a store says on one line why it doesn't take the records");
}

}  // namespace

/// A file of client records.
void check(std::string_view input) {
    content const file(input);
    auto const loaded = demo::load_records(file.name(), verifier());
    if (loaded) return check_accepted(loaded.value(), input);
    require(loaded.message().starts_with(file.name() + ": ") && loaded.message().size() > file.name().size() + 2,
            "a refusal names the file, and why");
    require(is_one_line(loaded.message()), "a refusal is one line");
}
