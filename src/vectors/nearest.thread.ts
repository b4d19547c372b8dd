import { serveRequests } from '../kernel/request-thread.js';
import { nearest, type RankingTask } from './nearest.js';

serveRequests(async (task: RankingTask) => ({ reply: nearest(task) }));
