/* include/sallyport/limit/stamp_log.hpp and stamp_ring.hpp, and sliding_log::answer_alone on them, step by step: each
 * atomic load, compare-and-swap and store is a step of its own, and what lies between belongs to the one before. All
 * threads' steps interleave in every way. Each is seen by all at once, so that this says nothing about memory orders.
 *
 * A ring of two slots. A slot is its lap modulo LAPS, then the stamp's distance from the base; below LEAST it is none,
 * and tells the generation of a slot that was not written yet. No model goes round LAPS times, so that eight tags stand
 * for 128. Left out are `position`, `remaining` and `reset`, which only tell, and look at the same slots again; and
 * `suit`, which tells stamps anew in a ring that nobody has found yet. Floors are in where GIVES_BACK is.
 *
 * A line of its own #ifdef or #ifndef is a mistake, and with it spin must find what does not hold; with some, although
 * it asks for nothing else, an admission that is one too many. */

#ifdef ONLY_ADMISSIONS
#define holds(what) skip
#else
#define holds(what) assert(what)
#endif

#define CAPACITY 2
#define LAPS 8
#define LEAST 8
#define SEALED 255

#define tag_of(slot) ((slot) >> 5)
#define offset_of(slot) ((slot) & 31)
#define tagged(lap, offset) ((lap) << 5 | (offset))
#define empty(generation) tagged(LAPS - 1, generation)
#ifdef GIVES_BACK
/* No later stamp is before that of a floor, which doesn't count. */
#define FLOOR 16
#define STAMPS 7
#define floor_at(lap, stamp) tagged(lap, FLOOR + (stamp))
#define is_floor(slot) ((slot) != SEALED && offset_of(slot) >= FLOOR)
#define counts(slot) (offset_of(slot) >= LEAST && offset_of(slot) < FLOOR)
#else
#define counts(slot) (offset_of(slot) >= LEAST)
#endif
#define lap_before(lap) (((lap) + LAPS - 1) % LAPS)
#define end_at(lap, index) ((lap) * CAPACITY + (index))
#define end_after(lap, index) (((lap) * CAPACITY + (index) + 1) % (LAPS * CAPACITY))

byte slots[CAPACITY] = SEALED;
byte end_;
#ifdef REBASES
byte base_;
#endif

/* A claim: its limit within WINDOW, by the threads' clock. That of a shadow claim is SHADOW, and never reached. */
#define WINDOW 2
#define SHADOW 3

/* What must hold is told by a log that is written in the same step as a slot: each key's last two stamps in the order
 * of its admissions, where 0 is none. A bit for each thread tells whose look is still at the end of it. */
byte newest_stamp[KEYS];
byte second_stamp[KEYS];
byte up_to_date;
byte holder;           /* who has entered, if anybody has */

#ifdef GIVES_BACK
/* Where units are taken back, how many of each stamp are left; and the last stamp, though it was. */
byte units_at[STAMPS];
#define logged(key, stamp) (units_at[stamp] + units_at[(stamp) - 1])
#else
#define in_window(stamped, stamp) ((stamped) != 0 && (stamped) <= (stamp) && (stamp) - (stamped) < WINDOW)
#define logged(key, stamp) (in_window(newest_stamp[key], stamp) + in_window(second_stamp[key], stamp))
#endif
#define later_of(a, b) ((a) > (b) -> (a) : (b))

/* A stamp is never before the last one, and no admission is one too many. */
inline log_admission() {
    holds(ring_is_of(key) && (holder == 0 || holder == _pid));
    holds(stamp >= newest_stamp[key]);
    assert(logged(key, stamp) < limit);
#ifdef GIVES_BACK
    units_at[stamp]++;
#else
    second_stamp[key] = newest_stamp[key];
#endif
    newest_stamp[key] = stamp;
    up_to_date = 0
}

/* Who has to look again does so because of another thread's step. */
#define another_was_faster ((up_to_date & 1 << _pid) == 0)

/* A thread's call, and its view. */
#define CALL byte key, now, limit; bool fits
#define VIEW byte said, index, lap, oldest, stamp; bool overtaken, is_full

/* For a step's own use. */
hidden byte ahead;
hidden byte newest;

#define PASSED 254
#ifdef REBASES
#define base_seen base
#else
#define base_seen 0
#endif
#define stamp_of(slot) (base_seen + offset_of(slot) - LEAST)
#define within(slot) (counts(slot) && stamp - stamp_of(slot) < WINDOW)

#define are_near(a, b) (((a) + LAPS + 1 - (b)) % LAPS <= 2)

/* Whether the slot before the end holds what view::unit(1) expects. */
#ifndef GIVES_BACK
#define is_floor(slot) false
#endif
#define is_before_end(slot) ((slot) != SEALED && !is_floor(slot) && tag_of(slot) == (index >= 1 -> lap : lap_before(lap)))

/* stamp_log::look, the constructor of what it returns, and view::wait for a limit of the ring's capacity. `oldest` is
 * SEALED if it returns none. Once it has met a slot that can't be before the end, it walks from the first one: nobody
 * but another thread's step can make it do so twice. */
inline look() {
#ifdef REBASES
    d_step { base = base_; up_to_date = up_to_date | 1 << _pid };
#endif
    d_step { said = end_; index = said % CAPACITY; lap = said / CAPACITY; overtaken = false; stamp = 0 };
    do
    :: d_step {
           oldest = slots[index];
           ahead = (tag_of(oldest) + LAPS - lap_before(lap)) % LAPS;
           if
           :: oldest == SEALED
           :: oldest != SEALED && ahead == 0 ->
#ifndef REBASES
               up_to_date = (overtaken -> up_to_date : up_to_date | 1 << _pid);
#endif
               is_full = logged(key, later_of(now, newest_stamp[key])) >= limit
           :: else ->
               oldest = PASSED;
               index++;
               lap = (lap + ahead - 1 + index / CAPACITY) % LAPS;
               index = index % CAPACITY
           fi
       };
       if
       :: oldest == SEALED -> break
       :: oldest == PASSED
       :: else ->
           d_step {
               newest = slots[(index + CAPACITY - 1) % CAPACITY];
               if
               :: is_before_end(newest) ->
#ifdef FORGETS
                   /* Of a ring that is begun meanwhile this may be what the first admission wrote. */
                   is_full = is_full || logged(key, later_of(now, newest_stamp[key])) >= limit;
#endif
#ifdef UNCLAMPED
                   stamp = now;
#else
                   stamp = (counts(newest) -> later_of(now, stamp_of(newest)) : now);
#endif
#ifdef GIVES_BACK
                   stamp = (is_floor(oldest) -> later_of(stamp, offset_of(oldest) - FLOOR) : stamp);
#endif
                   fits = !within(oldest) || limit == SHADOW;
                   overtaken = false
               :: else ->
                   holds(!overtaken || another_was_faster);
#ifndef TRUSTED_HINT
                   up_to_date = up_to_date | 1 << _pid;
                   oldest = PASSED;
                   lap = (index == 0 -> lap_before(lap) : lap);
                   index = 0;
#endif
                   overtaken = true
               fi
           };
           d_step {
               if
               :: oldest != PASSED && end_ != said && !are_near(end_ / CAPACITY, lap) ->
                   oldest = PASSED;
                   said = end_;
                   index = said % CAPACITY;
                   lap = said / CAPACITY
               :: else
               fi
           };
#ifdef REBASES
           if
           :: oldest != PASSED && base_ != base -> oldest = PASSED
           :: else
           fi;
#endif
           if
           :: oldest == PASSED ->
#ifdef REBASES
               d_step { base = base_; up_to_date = up_to_date | 1 << _pid }
#endif
           :: else -> break
           fi
       fi
    od
}

/* The rest of view::wait: where the limit is lower, it is another unit that has to be outside. Then view::overtaken. */
inline judge() {
    if
    :: limit == 1 ->
        d_step {
            newest = slots[(index + CAPACITY - 1) % CAPACITY];
            fits = !within(newest)
        }
    :: else
    fi;
    overtaken = slots[index] != oldest
}

/* stamp_log::admit_one: `fits` tells whether it was done. */
inline admit_one() {
    d_step {
#ifdef NO_LAP
        fits = offset_of(slots[index]) == offset_of(oldest);
#else
        fits = slots[index] == oldest;
#endif
#ifdef PLAIN_STORE
        fits = true;
#endif
        if
        :: fits ->
            slots[index] = tagged(lap, LEAST + stamp - base_seen);
            log_admission();
            oldest = 0;
            stamp = 0;
            is_full = false
        :: else
        fi
    };
    if
    :: fits -> say_end(end_after(lap, index))
    :: else
    fi
}

/* stamp_log::say_end */
inline say_end(end) {
    d_step {
        if
        :: end_ == said -> end_ = end
        :: else
        fi;
        said = 0
    }
}

/* The compare-and-swap of stamp_ring::enter and close: `fits` tells whether it was done. */
inline seal() {
    d_step {
        fits = slots[index] == oldest;
        if
        :: fits ->
#ifndef UNSEALED
            slots[index] = SEALED;
#endif
            holder = _pid;
            up_to_date = 0
        :: else
        fi
    }
}

/* stamp_ring::enter, under the lock. */
inline enter() {
    do
    :: look();
       holds(oldest != SEALED && !overtaken);
       seal();
       if
       :: fits -> break
       :: else -> holds(another_was_faster)
       fi
    od
}

/* sliding_log::judge on what is held: nobody else changes it meanwhile. */
inline judge_held() {
    newest = slots[(index + CAPACITY - 1) % CAPACITY];
    fits = (limit == 1 -> !within(newest) : !within(oldest));
    holds(fits || is_full)
}

/* stamp_ring::leave, where held::admit has said what is written last, and of how many units it is. */
inline leave(value, units) {
    d_step {
        slots[index] = value;
        up_to_date = 0;
        if
        :: units > 0 -> log_admission()
        :: else
        fi;
        if
        :: units > 1 -> log_admission()
        :: else
        fi;
        holder = 0
    };
    if
    :: units > 0 -> say_end((end_at(lap, index) + units) % (LAPS * CAPACITY))
    :: else
    fi
}
