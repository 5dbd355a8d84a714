// SPDX-License-Identifier: BSL-1.0
#if defined(__linux__)

#    include "../catch.hpp"

#    include <sallyport/crypto/random.hpp>

#    include <algorithm>
#    include <array>
#    include <cerrno>
#    include <csignal>
#    include <cstddef>
#    include <cstdint>
#    include <span>
#    include <string>
#    include <vector>

#    include <sys/syscall.h>
#    include <sys/wait.h>
#    include <unistd.h>

namespace {

// What the generator does at one call: give at most so many bytes, or fail with an error.
struct behaviour {
    std::size_t most;
    int error;
};
std::vector<behaviour> next_calls;  // the last first; when there are none left, the system's own generator answers

}  // namespace

// Takes the C library's place in this program, and is the system's generator unless a test says otherwise.
extern "C" ssize_t getrandom(void* out, std::size_t size, unsigned flags) {
    if (!next_calls.empty()) {
        behaviour const call = next_calls.back();
        next_calls.pop_back();
        if (call.error != 0) {
            errno = call.error;
            return -1;
        }
        size = std::min(size, call.most);
    }
    return ::syscall(SYS_getrandom, out, size, flags);
}

namespace {

struct child_end {
    int signal;
    std::string said;
};

// What becomes of a program that needs a hash key, and what it says on stderr.
child_end draw_key_in_child() {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    pid_t const child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        std::signal(SIGABRT, SIG_DFL);  // Catch would make a report of it
        ::dup2(ends[1], STDERR_FILENO);
        (void)sallyport::crypto::random_siphash_key();
        ::_exit(0);
    }
    ::close(ends[1]);
    child_end end{0, {}};
    std::array<char, 256> piece;
    for (ssize_t size; (size = ::read(ends[0], piece.data(), piece.size())) > 0;) {
        end.said.append(piece.data(), static_cast<std::size_t>(size));
    }
    ::close(ends[0]);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    end.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return end;
}

}  // namespace

TEST_CASE("a generator that refuses is reported") {
    for (int error : {ENOSYS, EPERM, EAGAIN}) {
        std::array<std::uint8_t, 16> bytes{};
        next_calls = {{0, error}};
        CHECK_FALSE(sallyport::crypto::fill_random(bytes));
    }
    std::array<std::uint8_t, 16> bytes{};
    next_calls = {{0, ENOSYS}, {5, 0}};
    CHECK_FALSE(sallyport::crypto::fill_random(bytes));
    next_calls.clear();
}

TEST_CASE("a generator that a signal interrupts is asked again, for the rest only") {
    for (int attempt = 0; attempt < 20; ++attempt) {  // a random byte may well be zero, but not each time
        std::array<std::uint8_t, 18> bytes{};
        next_calls = {{1, 0}, {0, EINTR}, {3, 0}, {0, EINTR}};
        REQUIRE(sallyport::crypto::fill_random(std::span{bytes}.subspan(1, 16)));
        REQUIRE(next_calls.empty());
        REQUIRE(bytes.front() == 0);
        REQUIRE(bytes.back() == 0);
        if (std::count(bytes.begin() + 1, bytes.end() - 1, 0) == 0) {
            return;
        }
    }
    FAIL("a byte was left out");
}

TEST_CASE("a program that can't draw a hash key ends, and says why") {
    REQUIRE(draw_key_in_child().signal == 0);
    next_calls = {{0, ENOSYS}};
    child_end const end = draw_key_in_child();
    next_calls.clear();
    CHECK(end.signal == SIGABRT);
    CHECK(end.said.find("random generator failed") != std::string::npos);
}

#endif
