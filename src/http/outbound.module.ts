// owns: the way out to addresses that somebody else named. promises: what is private is not reached, whatever a name or
// a redirect says; every call ends in time and size. never: knows what it is that is sent or fetched.
import { Module } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Outbound } from './outbound.js';
import { OutboundPolicy } from './outbound-policy.js';
import { Dialer, NameResolver, SystemDialer, SystemResolver } from './outbound-ports.js';

@Module({
  providers: [
    {
      provide: OutboundPolicy,
      inject: [Config],
      useFactory: ({ outboundAllow, authMode }: Config) =>
        new OutboundPolicy({ allow: outboundAllow, allowLoopback: authMode === 'disabled' }),
    },
    { provide: NameResolver, useClass: SystemResolver },
    { provide: Dialer, useClass: SystemDialer },
    Outbound,
  ],
  exports: [Outbound, OutboundPolicy],
})
export class OutboundModule {}
