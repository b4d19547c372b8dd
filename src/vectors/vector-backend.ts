/** Where vectors can lie. */
export type VectorBackend = 'postgres' | 'qdrant';
