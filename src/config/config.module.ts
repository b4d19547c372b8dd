// owns: the process's settings. promises: every fault of the environment is listed at once, before anything starts.
// never: read anywhere else from the environment; change after boot.
import { Global, Module } from '@nestjs/common';
import { ConfigModule as NestConfigModule, registerAs } from '@nestjs/config';
import { Config, readConfig } from './config.js';

const settings = registerAs('intake', () => readConfig());

@Global()
@Module({
  imports: [NestConfigModule.forRoot({ ignoreEnvFile: true }), NestConfigModule.forFeature(settings)],
  providers: [{ provide: Config, inject: [settings.KEY], useFactory: (config: Config) => config }],
  exports: [Config],
})
export class ConfigModule {}
