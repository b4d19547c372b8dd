#!/usr/bin/env node
import { exitWith } from './apps/exit.js';

exitWith(async () =>
  process.argv.includes('--isolated')
    ? (await import('./apps/isolated.command.js')).run()
    : (await import('./apps/worker.command.js')).run(),
);
