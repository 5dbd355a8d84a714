// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/crypto/hex.hpp>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// The rows of a file of vectors in this folder, split at commas; lines that begin with # are left out. The tests'
/// own folder is the current one.
inline std::vector<std::vector<std::string>> rows_of(std::string const& file) {
    std::ifstream in("data/" + file);
    if (!in) throw std::runtime_error("data/" + file + " can't be read; run this in the folder of the tests");
    std::vector<std::vector<std::string>> rows;
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with('#')) continue;
        auto& row = rows.emplace_back();
        std::istringstream fields(line);
        for (std::string field; std::getline(fields, field, ',');) row.push_back(field);
    }
    return rows;
}

/// The text whose bytes the digits spell.
inline std::string text_of_hex(std::string_view digits) {
    std::vector<std::uint8_t> bytes(digits.size() / 2);
    if (!sallyport::crypto::decode_hex(digits, bytes)) throw std::runtime_error("no hex: " + std::string(digits));
    return {bytes.begin(), bytes.end()};
}
