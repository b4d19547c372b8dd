// owns: who calls and what they may see. promises: every request has exactly one TenantScope.
// never: trust a tenant named in a body, a query or a path.
import { Module } from '@nestjs/common';

@Module({})
export class TenantsModule {}
