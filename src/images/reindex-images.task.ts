import { defineReindex } from '../reindex/define-reindex.js';

export const ReindexImages = defineReindex('images');
