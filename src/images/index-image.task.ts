import { defineTask } from '../tasks/define-task.js';
import { ImagePayload, ImageResult } from './images.contract.js';

export const IndexImage = defineTask({
  type: 'images.index',
  queue: 'images',
  payload: ImagePayload,
  result: ImageResult,
  concurrency: 4,
});
