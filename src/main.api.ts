#!/usr/bin/env node
import { exitWith } from './apps/exit.js';

exitWith(async () => (await import('./apps/api.command.js')).run());
