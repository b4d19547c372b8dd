// owns: the connection to Postgres. promises: one data layer, Prisma; transactions that deadlock are repeated.
// never: knows a table.
import { Global, Module } from '@nestjs/common';
import { Database } from './database.js';

@Global()
@Module({ providers: [Database], exports: [Database] })
export class DatabaseModule {}
