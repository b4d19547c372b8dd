import { defineReindex } from '../reindex/define-reindex.js';

export const ReindexDocuments = defineReindex('documents');
