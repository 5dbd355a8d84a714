/* Forgetting: key_table with one block and room for one key, of which two take turns, and sliding_log::take on it.
 * The first call is for a key that is forgotten meanwhile; its moment is the oldest.
 * mistakes: NO_GENERATION KEY_NOT_READ KEY_STORED_LATE TRUSTED_HINT
 * that admit too many: UNSEALED NO_FLOOR STARTED_OPEN */

#define KEYS 2
#define FORGETS
#define ring_is_of(key) (word == (key))
#include "stamp_ring.pml"

#ifdef SHORT
#define LAST_TICK 3  /* a key is forgotten once, not twice */
#else
#define LAST_TICK 5
#endif

byte clock_ = 1;
bool begun;        /* whether the first call was */

byte place;        /* the table's only one: 0, or where the block is found */
byte generation;   /* block::generation, words, and its state's depth */
byte word;
bool depth;
byte floor_;       /* shard::floor, and its mutex */
bool locked;

#define place_of(key) ((key) + 1)

inline read_clock() {
    if
    :: true
    :: clock_ < LAST_TICK -> clock_ = clock_ + WINDOW
    fi;
    now = clock_
}

/* shard::forget_at, under the lock. `fits` tells whether it was forgotten. A look at no time has the last stamp. */
inline forget() {
    do
    :: moment = now;
       now = 0;
       look();
       now = moment;
       if
       :: overtaken -> holds(another_was_faster)
       :: !overtaken && stamp + WINDOW > now -> fits = false; break
       :: else ->
           seal();
           if
           :: fits -> break
           :: else -> holds(another_was_faster)
           fi
       fi
    od;
    if
    :: fits ->
        d_step { floor_ = later_of(floor_, stamp + WINDOW); clear_view(); moment = 0; holder = 0; place = 0 };
        generation++
    :: else
    fi
}

/* What was seen is of no more use: fewer states to tell apart. */
inline clear_view() {
    stamp = 0; said = 0; index = 0; lap = 0; oldest = 0; overtaken = 0; is_full = 0; seen = 0;
    up_to_date = up_to_date & ~(1 << _pid)
}

/* key_table::visit::begin, and stamp_ring::start. */
inline begin() {
#ifdef KEY_STORED_LATE
    generation++;
    word = key;
#else
    word = key;
    generation++;
#endif
    depth = 0;
#ifndef STARTED_OPEN
    d_step { slots[0] = SEALED; up_to_date = 0 };
#endif
    end_ = 0;
    d_step { slots[1] = empty(generation); up_to_date = 0 };
#ifdef STARTED_OPEN
    d_step { slots[0] = SEALED; up_to_date = 0 };
#endif
}

/* key_table::with: locked, and on entered states. */
inline take_locked() {
    do
    :: atomic { !locked -> locked = true; clear_view(); fits = 0; moment = 0 };
       if
       :: place == place_of(key) ->
           enter();
           atomic { judge_held() };
           if
           :: fits -> leave(tagged(lap, LEAST + stamp), 1)
           :: else -> leave(oldest, 0)
           fi;
           locked = false;
           break
       :: place == 0 ->
           begin();
           depth = 1;
           place = place_of(key);
#ifdef NO_FLOOR
           stamp = now;
#else
           stamp = later_of(now, floor_);
#endif
           d_step { slots[0] = tagged(0, LEAST + stamp); log_admission() };
           end_ = end_at(0, 1);
           locked = false;
           break
       :: else ->
           key = 1 - key;
           forget();
           key = 1 - key;
           locked = false;
           if
           :: fits
           :: else -> break
           fi
       fi
    od
}

/* found::is_still */
#ifdef NO_GENERATION
#define is_still true
#else
#define is_still (generation == seen)
#endif

/* key_table::find, and sliding_log::answer_alone: `fits` is false if it has to be locked. */
inline answer_alone() {
    if
    :: place == 0 -> fits = false
    :: else ->
        seen = generation;
        if
#ifndef KEY_NOT_READ
        :: word != key -> fits = false
#endif
        :: else ->
            do
            :: look();
               if
               :: oldest == SEALED -> fits = false; break
               :: else
               fi;
               if
               :: depth
               :: else -> fits = false; break
               fi;
               judge();
               if
               :: is_still
               :: else -> fits = false; break
               fi;
               if
               :: overtaken -> holds(another_was_faster)
               :: !overtaken && !fits -> holds(is_full); fits = true; break
               :: else ->
                   admit_one();
                   if
                   :: fits -> break
                   :: else -> holds(another_was_faster)
                   fi
               fi
            od
        fi
    fi
}

proctype thread(byte keys) {
    CALL;
    VIEW;
    byte seen, moment;
    atomic {
        _pid == 1 || begun -> begun = true;
        read_clock();
        limit = 2;
        if
        :: keys != 2 -> key = 0
        :: keys != 1 -> key = 1
        fi;
        if
        :: true
        :: keys == 1 -> limit = 1
        fi
    };
    answer_alone();
    if
    :: fits
    :: else -> take_locked()
    fi
}

/* Another call's, in passing. */
proctype forgetter() {
    CALL;
    VIEW;
    byte seen, moment;
    atomic { !locked -> locked = true };
    if
    :: place != 0 ->
        atomic { key = place - 1; limit = 2; now = clock_ };
        forget()
    :: else
    fi;
    locked = false
}

/* The first key was just admitted once. */
init {
    d_step {
        generation = 1;
        slots[0] = tagged(0, LEAST + clock_);
        slots[1] = empty(generation);
        end_ = end_at(0, 1);
        depth = 1;
        place = place_of(0);
        newest_stamp[0] = clock_
    };
    atomic {
        run thread(1);
        run thread(2);
        run thread(3);
        run forgetter()
    }
}
