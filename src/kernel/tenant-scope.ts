/** Whose rows a query may see. Every read that serves a caller takes one as its first argument. */
export interface TenantScope {
  readonly tenantId: string;
}

/** The tenant of a deployment without keys. */
export const DEFAULT_TENANT = 'default';
