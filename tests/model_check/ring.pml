/* The common call, sliding_log::answer_alone on a known key: three threads, of limits 2, 1 and 2, and 2 and shadow.
 * mistakes that admit too many: NO_LAP PLAIN_STORE UNCLAMPED */

#define KEYS 1
#define ring_is_of(key) true
#include "stamp_ring.pml"

#define CALLS 4
#define LAST_TICK 3

byte clock_ = 1;
byte calls;

/* A call's moment is read from the clock, long before the next step if others run: to the ring it steps back. */
inline begin_call() {
    atomic {
        calls < CALLS -> calls++;
        if
        :: true
        :: clock_ < LAST_TICK -> clock_++
        :: clock_ < LAST_TICK - 1 -> clock_ = clock_ + WINDOW
        fi;
        now = clock_;
        if
        :: limit = 2
        :: other != 2 -> limit = other
        fi
    }
}

proctype thread(byte other) {
    CALL;
    VIEW;
    do
    :: begin_call();
        do
        :: look();
           holds(oldest != SEALED);
           judge();
           if
           :: overtaken -> holds(another_was_faster)
           :: !overtaken && !fits -> holds(is_full); break
           :: else ->
               admit_one();
               if
               :: fits -> break
               :: else -> holds(another_was_faster)
               fi
           fi
        od;
        atomic {
            up_to_date = up_to_date & ~(1 << _pid);
            now = 0; limit = 0; fits = 0; stamp = 0; said = 0; index = 0; lap = 0;
            oldest = 0; overtaken = 0; is_full = 0
        }
    :: calls == CALLS -> break
    od
}

/* A key that was admitted twice at the same moment. */
init {
    d_step {
        slots[0] = tagged(0, LEAST + clock_);
        slots[1] = tagged(0, LEAST + clock_);
        end_ = end_at(1, 0);
        newest_stamp[0] = clock_;
        second_stamp[0] = clock_
    };
    atomic {
        run thread(2);
        run thread(1);
        run thread(SHADOW)
    }
}
