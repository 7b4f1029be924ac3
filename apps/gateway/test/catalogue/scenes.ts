import { flood, operators, refusals, talk, visits } from './client-scenes.ts';
import { deafCollector, ends } from './process-scenes.ts';
import type { SceneName } from './provocations.ts';
import { greedyReader, returns, slowReader } from './reader-scenes.ts';
import { foreignPayload, outage, wrongTypes } from './redis-scenes.ts';
import type { Stage } from './stage.ts';

/** What is done in each scene. */
export const plays: Readonly<Record<SceneName, (stage: Stage) => Promise<void>>> = {
  visits,
  refusals,
  talk,
  operators,
  'wrong types': wrongTypes,
  'foreign payload': foreignPayload,
  flood,
  'greedy reader': greedyReader,
  'slow reader': slowReader,
  returns,
  outage,
  'deaf collector': deafCollector,
  ends,
};
