/* Giving back, by stamp_ring::held::give_back: one of the first units is given back while two calls are admitted or refused,
 * or three; and so is that of the first call, once it is admitted.
 * mistakes: NO_FLOOR UNSEALED
 * that admit too many: NOT_MOVED_UP */

#define KEYS 1
#define GIVES_BACK
#define ring_is_of(key) true
#include "stamp_ring.pml"

byte clock_ = 1;
byte begun;
bool locked;

inline read_clock() {
    if
    :: true
    :: clock_ + WINDOW < STAMPS -> clock_ = clock_ + WINDOW
    fi;
    now = clock_
}

/* A unit in another one's place keeps the lap in which that was written. */
#define put(slot, unit) tagged(tag_of(slot), offset_of(unit))
#define none(slot) tagged(tag_of(slot), 0)
#define before_end slots[1 - index]
#define is_own(slot) (counts(slot) && stamp_of(slot) == own)

/* key_table::with, and held::give_back of one unit: the slot to be written next is written by `leave`. */
inline give_back() {
    atomic { !locked -> locked = true };
    now = 0;
    enter();
    atomic {
        holds(stamp == newest_stamp[key]);
        fits = is_own(before_end) || is_own(oldest);
        if
        :: !is_own(before_end)
#ifndef NOT_MOVED_UP
        :: is_own(before_end) && counts(oldest) -> before_end = put(before_end, oldest); up_to_date = 0
        :: is_own(before_end) && !counts(oldest) -> before_end = none(before_end); up_to_date = 0
#else
        :: is_own(before_end) -> before_end = none(before_end); up_to_date = 0
#endif
        fi
    };
    d_step {
        if
        :: fits ->
            holds(units_at[own] > 0);
            units_at[own]--;
#ifdef NO_FLOOR
            oldest = none(oldest)
#else
            oldest = floor_at(tag_of(oldest), stamp)
#endif
        :: else -> holds(units_at[own] == 0 || newest_stamp[key] - own >= WINDOW)
        fi;
        slots[index] = oldest;
        up_to_date = 0;
        holder = 0
    };
    locked = false
}

/* key_table::with, for who found it sealed. */
inline take_locked() {
    atomic { !locked -> locked = true };
    enter();
    atomic { judge_held() };
    if
    :: fits -> own = stamp; leave(tagged(lap, LEAST + stamp), 1)
    :: else -> leave(oldest, 0)
    fi;
    locked = false
}

/* A call's moment is read from the clock, long before the next step if others run. */
proctype thread() {
    CALL;
    VIEW;
    byte own;    /* the stamp of what may be given back; 0: nothing */
    atomic {
        begun + 1 >= _pid -> begun++;
        read_clock();
        limit = 2
    };
    do
    :: look();
       if
       :: oldest == SEALED -> take_locked(); break
       :: else
       fi;
       judge();
       if
       :: overtaken -> holds(another_was_faster)
       :: !overtaken && !fits -> holds(is_full); break
       :: else ->
           own = stamp;
           admit_one();
           if
           :: fits -> break
           :: else -> holds(another_was_faster)
           fi
       fi
    od;
    if
    :: fits && own != 0 && _pid == 1 -> give_back()
    :: else
    fi
}

/* Of one of the first units. */
proctype giver() {
    CALL;
    VIEW;
    byte own = 1;
    give_back()
}

/* A key that was admitted twice at the same moment. */
init {
    d_step {
        slots[0] = tagged(0, LEAST + clock_);
        slots[1] = tagged(0, LEAST + clock_);
        end_ = end_at(1, 0);
        units_at[clock_] = 2;
        newest_stamp[0] = clock_
    };
    atomic {
        run thread();
        run thread();
#ifndef SHORT
        run thread();
#endif
        run giver()
    }
}
