import { createParamDecorator } from '@nestjs/common';
import { DEFAULT_TENANT, type TenantScope } from '../kernel/tenant-scope.js';

/** Whose rows the request may see. While AUTH_MODE is `disabled` every call belongs to the tenant `default`. */
export const Scope = createParamDecorator((): TenantScope => ({ tenantId: DEFAULT_TENANT }));
