import { SCENARIOS, type Place } from './scenarios.js';
import type { SideName } from './side.js';

// One scenario of one side in a process of its own; the figures go to the parent.
const [scenario = '', side, place = '', tasks] = process.argv.slice(2);
const figures = await SCENARIOS[scenario]?.run(side as SideName, JSON.parse(place) as Place, Number(tasks));
process.send?.(figures, () => process.exit(0));
