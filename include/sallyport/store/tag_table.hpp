// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sallyport/model/large_array.hpp>
#include <sallyport/model/prefetch_lines.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace sallyport {

/// The tags of eight groups of a `tag_table`.
struct alignas(64) tag_line {
    std::array<std::atomic<std::uint64_t>, 8> groups{};
};

/// A hash table of pointers to entries, which it doesn't own, made for few cache misses. For each pointer there is a tag,
/// eight bits of its hash, and the tags lie by themselves: a byte for each entry is little enough to stay in a cache where
/// the entries can't. A look-up compares the eight tags of a group at once, and then looks at those entries whose
/// tag fits, or at one of another tag. An entry whose group is full
/// lies in one of the next. A group with an empty place ends the search.
///
/// Readers never wait: `find` may run while one thread changes the table, and gives an entry that was there at some
/// moment of the call. It is the caller's care that entries and table outlive that (see `pin_board`). All that changes
/// is for one thread at a time. A table doesn't grow: one that is full is replaced by a larger one with the same entries.
template <class Entry>
class tag_table {
public:
    /// Room for so many entries, and some more.
    explicit tag_table(std::size_t entries)
        : count_(entries / comfortable + 1), tags_(count_ / group_size + 1), entries_(count_) {}

    /// The entry of this hash that `is` says yes to; null if there is none. It is asked of one at least, so that nobody
    /// tells by the time whether an entry is there; unless there is none in this group and the next few.
    template <class Is>
    Entry const* find(std::uint64_t hash, Is is) const noexcept {
        auto const wanted = tag_of(hash) * each_byte;
        auto group = group_of(hash);
        prefetch_lines(&entries_[group]);
        bool asked = false;
        bool ended = false;
        for (std::size_t passed = 0; passed < count_; ++passed, group = after(group)) {
            auto const tags = tags_of(group).load(std::memory_order_acquire);
            auto fits = zeros(tags ^ wanted);
            if (fits == 0 && !asked) fits = lowest_entry(tags);  // another's
            for (; fits != 0; fits &= fits - 1) {
                auto const* const entry = entries_[group].entries[which(fits)].load(std::memory_order_acquire);
                if (!entry) continue;
                asked = true;
                if (is(*entry)) return entry;
            }
            ended = ended || zeros(tags) != 0;
            if (ended && (asked || passed >= few)) return nullptr;
        }
        return nullptr;
    }

    /// Whether it is time for a larger one, or for one that has fewer traces of what was erased.
    bool is_full() const noexcept { return used_ + traces_ >= count_ * tolerable; }

    /// Adds an entry whose key is not there. The table is not full.
    void insert(std::uint64_t hash, Entry const& entry) noexcept {
        for (auto group = group_of(hash);; group = after(group)) {
            auto& tags = tags_of(group);
            auto const known = tags.load(std::memory_order_relaxed);
            auto const gone = zeros(known ^ trace * each_byte);
            auto const free = gone ? gone : zeros(known);
            if (!free) continue;
            auto const place = which(free);
            entries_[group].entries[place].store(&entry, std::memory_order_release);
            tags.store(with(known, place, tag_of(hash)), std::memory_order_release);
            ++used_;
            if (gone) --traces_;
            return;
        }
    }

    /// Puts an entry in the place of one that is there and has the same key.
    void exchange(std::uint64_t hash, Entry const& known, Entry const& fresh) noexcept {
        auto const [group, place] = locate(hash, known);
        entries_[group].entries[place].store(&fresh, std::memory_order_release);
    }

    /// Takes out an entry that is there.
    void erase(std::uint64_t hash, Entry const& known) noexcept {
        auto const [group, place] = locate(hash, known);
        auto& tags = tags_of(group);
        auto const before = tags.load(std::memory_order_relaxed);
        bool const was_full = zeros(before) == 0;  // and others may have passed it
        tags.store(with(before, place, was_full ? trace : empty), std::memory_order_release);
        entries_[group].entries[place].store(nullptr, std::memory_order_release);
        --used_;
        if (was_full) ++traces_;
    }

    template <class Use>
    void for_each(Use use) const {
        for (std::size_t i = 0; i < count_; ++i) {
            for (auto const& each : entries_[i].entries) {
                if (auto const* const entry = each.load(std::memory_order_relaxed)) use(*entry);
            }
        }
    }

    std::size_t size() const noexcept { return used_; }

private:
    static constexpr std::size_t group_size = 8;
    static constexpr std::size_t comfortable = 6;  ///< entries a group when a table is made
    static constexpr std::size_t tolerable = 7;    ///< and when it is full, on average
    static constexpr std::size_t few = 8;          ///< groups that are looked into for an entry of another hash
    static constexpr std::uint64_t each_byte = 0x0101010101010101;
    static constexpr std::uint64_t each_top = 0x8080808080808080;
    static constexpr std::uint64_t empty = 0;
    static constexpr std::uint64_t trace = 1;  ///< the tag of what was erased from a full group

    struct alignas(64) entry_line {
        std::array<std::atomic<Entry const*>, group_size> entries{};
    };

    /// The bytes that are zero, by their top bits. Above one that is zero there may be false ones.
    static constexpr std::uint64_t zeros(std::uint64_t word) noexcept { return (word - each_byte) & ~word & each_top; }
    /// The lowest byte that tells of an entry, by its top bit; none for a group without.
    static constexpr std::uint64_t lowest_entry(std::uint64_t tags) noexcept {
        constexpr auto is_above_zero = [](std::uint64_t word) { return ((word & ~each_top) + ~each_top) | word; };
        auto const entries = is_above_zero(tags) & is_above_zero(tags ^ trace * each_byte) & each_top;
        return entries & -entries;
    }
    /// The byte of the lowest of these bits.
    static constexpr std::size_t which(std::uint64_t bits) noexcept {
        return static_cast<std::size_t>(std::countr_zero(bits)) / 8;
    }
    static constexpr std::uint64_t with(std::uint64_t tags, std::size_t place, std::uint64_t tag) noexcept {
        auto const shift = 8 * place;
        return (tags & ~(std::uint64_t{0xff} << shift)) | tag << shift;
    }
    static constexpr std::uint64_t tag_of(std::uint64_t hash) noexcept {
        return std::max<std::uint64_t>(hash & 0xff, trace + 1);
    }

    std::size_t group_of(std::uint64_t hash) const noexcept {
        return static_cast<std::size_t>((hash >> 32) * count_ >> 32);
    }
    std::size_t after(std::size_t group) const noexcept { return group + 1 == count_ ? 0 : group + 1; }
    std::atomic<std::uint64_t>& tags_of(std::size_t group) const noexcept { return tags_[group / 8].groups[group % 8]; }

    std::pair<std::size_t, std::size_t> locate(std::uint64_t hash, Entry const& known) const noexcept {
        for (auto group = group_of(hash);; group = after(group)) {
            for (std::size_t place = 0; place < group_size; ++place) {
                if (entries_[group].entries[place].load(std::memory_order_relaxed) == &known) return {group, place};
            }
        }
    }

    std::size_t count_;
    large_array<tag_line> tags_;
    large_array<entry_line> entries_;
    std::size_t used_ = 0;
    std::size_t traces_ = 0;
};

}  // namespace sallyport
