import { Counter, Trend } from 'k6/metrics';
import { instances } from './settings.ts';

/**
 * Everything that the load tests measure: one table, from which names, thresholds and summaries come. To be imported where k6
 * begins (its init context), which is where it lets metrics be made.
 */

/** How long something took, in milliseconds. */
export const trends = {
  /** From the first attempt of a member to connect to its `session:ready`. */
  sluice_connect_ms: new Trend('sluice_connect_ms', true),
  /** From sending a text first to its acknowledgement, attempts that failed in between included. */
  sluice_ack_ms: new Trend('sluice_ack_ms', true),
  /** From sending a text first to hearing it on a connection that was there; both clocks are k6's. Replays are not in it. */
  sluice_delivery_ms: new Trend('sluice_delivery_ms', true),
  /** From losing a connection to having the session and the rooms again, the pause before reconnecting included. */
  sluice_return_ms: new Trend('sluice_return_ms', true),
  /** How late k6's own timers are. Where that is much, k6 is what is slow, and other times say little. */
  sluice_lateness_ms: new Trend('sluice_lateness_ms', true),
};

/** How often something happened. */
export const counters = {
  /** Joins answered, those by a session that had to begin anew left out. */
  sluice_joined: new Counter('sluice_joined'),
  /** Texts acknowledged. */
  sluice_sent: new Counter('sluice_sent'),
  /** Messages heard, replays included. */
  sluice_heard: new Counter('sluice_heard'),
  /** Of these, those that a recovery brought. */
  sluice_replayed: new Counter('sluice_replayed'),
  /** Owed to a receiver and not heard, or heard or acknowledged and not in the room's history. */
  sluice_lost: new Counter('sluice_lost'),
  sluice_duplicated: new Counter('sluice_duplicated'),
  /** Heard after what follows it, in the room's one order or in its sender's. */
  sluice_out_of_order: new Counter('sluice_out_of_order'),
  /** Heard in a room that the receiver is not in (any more). */
  sluice_stray: new Counter('sluice_stray'),
  /** `recovered: true` over a hole; what is in the hole is lost too. */
  sluice_false_recovery: new Counter('sluice_false_recovery'),
  /** `sluice:gap`, heard by one member. */
  sluice_gaps: new Counter('sluice_gaps'),
  /** Connections that were let in, and those of them that ended: the difference is who is there. */
  sluice_connected: new Counter('sluice_connected'),
  sluice_disconnected: new Counter('sluice_disconnected'),
  /** Returns with the session, and all that was missed. */
  sluice_recovered: new Counter('sluice_recovered'),
  /** Returns that began anew; the reason is in the tag `reason`. */
  sluice_fresh: new Counter('sluice_fresh'),
  /** Handshakes and requests that the server refused; the code is in the tag `code`. Where it may be tried again, it was. */
  sluice_refused: new Counter('sluice_refused'),
  /** Attempts to connect to which no Socket.IO server answered. They were made again. */
  sluice_unanswered: new Counter('sluice_unanswered'),
  /** What should never happen at our own end: a callback that threw, a packet that could not be read. */
  sluice_failed: new Counter('sluice_failed'),
  /** In steps of a growing load: that a threshold was crossed, by the tags `step` and `of`, as each VU saw it. */
  sluice_broke: new Counter('sluice_broke'),
  /** Members that did all they were to do and were checked. Whoever was cut short checked nothing. */
  sluice_finished: new Counter('sluice_finished'),
  /** Members that were not in their rooms yet when half of the run was over. */
  sluice_late: new Counter('sluice_late'),
  /** Members that gave up: refused for good, put out, or not answered in time. (Those whom k6 cut short are neither.) */
  sluice_unfinished: new Counter('sluice_unfinished'),
};

export type MetricName = keyof typeof trends | keyof typeof counters;

/** What a threshold is about: a metric, or those of its values that have a tag, as `sluice_ack_ms{step:3}`. */
type ThresholdSubject = MetricName | `${MetricName}{${string}:${string}}`;

/** k6's thresholds, for our metrics. */
export type Thresholds = Readonly<Partial<Record<ThresholdSubject, readonly string[]>>>;

/** What must hold whatever is done to a cluster: the promises, and that all `members` were there to check them. */
export function correctness(members: number): Thresholds {
  return {
    sluice_lost: ['count==0'],
    sluice_duplicated: ['count==0'],
    sluice_out_of_order: ['count==0'],
    sluice_stray: ['count==0'],
    sluice_false_recovery: ['count==0'],
    sluice_failed: ['count==0'],
    sluice_unfinished: ['count==0'],
    sluice_late: ['count==0'],
    sluice_finished: [`count==${members / instances}`],
    sluice_heard: ['count>0'],
  };
}

/** That nothing was begun anew and no gap was told: what was lost for a while was made good. */
export const nothingBegunAnew: Thresholds = { sluice_gaps: ['count==0'], sluice_fresh: ['count==0'] };

/** That nobody lost a connection, or was kept from one: nothing was done to anybody. */
export const undisturbed: Thresholds = {
  ...nothingBegunAnew,
  sluice_recovered: ['count==0'],
  sluice_refused: ['count==0'],
  sluice_unanswered: ['count==0'],
};

/**
 * That so many were recovered, all k6 of a run together; where there are several, each must have seen one.
 * @param rule `>=` where more may have been
 */
export function recovered(count: number, rule: '==' | '>=' = '>='): Thresholds {
  return { sluice_recovered: [instances === 1 ? `count${rule}${count}` : 'count>0'] };
}

/** That 19 of 20 texts were acknowledged within `p95Ms`, and heard within by those who were there. */
export function promptly(p95Ms: number): Thresholds {
  return { sluice_ack_ms: [`p(95)<${p95Ms}`], sluice_delivery_ms: [`p(95)<${p95Ms}`] };
}
