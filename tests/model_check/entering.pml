/* Entering: a call of several keys keeps two threads out of one of them, whatever becomes of it, and admits one or two
 * units there; and stamps are counted from a new base.
 * that admit too many: UNSEALED */

#define KEYS 1
#define REBASES
#define ring_is_of(key) true
#include "stamp_ring.pml"

#ifdef SHORT
#define LAST_TICK 4
#else
#define LAST_TICK 5
#endif

byte clock_ = 1;
byte begun;
bool locked;

inline read_clock() {
    if
    :: true
    :: clock_ < LAST_TICK -> clock_++
    :: clock_ < LAST_TICK - 1 -> clock_ = clock_ + WINDOW
    :: clock_ < LAST_TICK - 2 -> clock_ = clock_ + 3
    fi;
    now = clock_
}

/* held::rescale, where held::admit finds that a stamp is too far from the base: with an admission, as there. */
#define representable(stamp) ((stamp) - base < 4)
#define moved(slot) (counts(slot) -> tagged(tag_of(slot), \
    (offset_of(slot) >= LEAST + (stamp - 2 - base) -> offset_of(slot) - (stamp - 2 - base) : 0)) : (slot))

inline rescale() {
    if
    :: representable(stamp)
    :: else ->
        d_step { base_ = stamp - 2; up_to_date = 0 };
        d_step { slots[1 - index] = moved(slots[1 - index]); up_to_date = 0 };
        d_step { oldest = moved(oldest); base = stamp - 2 }
    fi
}

/* key_table::with */
inline take_locked(units) {
    atomic { !locked -> locked = true };
    enter();
    atomic {
        judge_held();
        limit = 2;
        if
        :: units == 2 -> fits = false    /* as another key's limit may have it */
        :: true
        fi
    };
    if
    :: fits ->
        rescale();
        if
        :: units == 2 ->
            d_step { slots[1 - index] = tagged((lap + index) % LAPS, LEAST + stamp - base); up_to_date = 0 }
        :: else
        fi;
        leave(tagged(lap, LEAST + stamp - base), units)
    :: else ->
        leave(oldest, 0)
    fi;
    locked = false
}

proctype thread() {
    CALL;
    VIEW;
    byte base;
    atomic {
        begun + 1 >= _pid -> begun++;
        read_clock();
        if
        :: limit = 1
        :: limit = 2
        fi
    };
    do
    :: look();
       if
       :: oldest == SEALED -> fits = false; break
       :: else
       fi;
       judge();
       if
       :: overtaken -> holds(another_was_faster)
       :: !overtaken && !fits -> holds(is_full); fits = true; break
       :: !overtaken && fits && !representable(stamp) -> fits = false; break
       :: else ->
           admit_one();
           if
           :: fits -> break
           :: else -> holds(another_was_faster)
           fi
       fi
    od;
    if
    :: fits
    :: else -> take_locked(1)
    fi
}

/* A call of several keys, two units for each: it fits where one does after one more. */
proctype several() {
    CALL;
    VIEW;
    byte base;
    atomic { read_clock(); limit = 1 };
    take_locked(2)
}

/* A key that was admitted twice. */
init {
    atomic {
        slots[0] = tagged(0, LEAST + 1);
        newest_stamp[0] = 1;
        if
        :: clock_ = 2
        :: true
        fi;
        slots[1] = tagged(0, LEAST + clock_);
        second_stamp[0] = newest_stamp[0];
        newest_stamp[0] = clock_;
        end_ = end_at(1, 0);
        run thread();
        run thread();
        run several()
    }
}
