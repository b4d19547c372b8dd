import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { TaskDefinition } from './define-task.js';
import { HANDLES, type TaskHandler } from './task-handler.js';

/** Token under which a feature module offers its task definitions; every process knows them, handlers or not. */
export const TASK_DEFINITION = 'intake:definition';

interface Entry {
  definition: TaskDefinition;
  handler?: TaskHandler<TaskDefinition>;
}

/** Which task types exist, and which of them this process can run: found once, at boot, by decoration. */
@Injectable()
export class TaskRegistry implements OnModuleInit {
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly discovery: DiscoveryService) {}

  onModuleInit(): void {
    for (const { instance, token, metatype } of this.discovery.getProviders()) {
      if (isDefinitionToken(token)) this.define(instance as TaskDefinition);
      const handled = metatype && (Reflect.getMetadata(HANDLES, metatype) as TaskDefinition | undefined);
      if (handled) this.handle(handled, instance as TaskHandler<TaskDefinition>);
    }
  }

  definition(type: string): TaskDefinition | undefined {
    return this.entries.get(type)?.definition;
  }

  handler(type: string): TaskHandler<TaskDefinition> | undefined {
    return this.entries.get(type)?.handler;
  }

  /** Every queue that a known type names. */
  queues(): string[] {
    return [...new Set([...this.entries.values()].map(({ definition }) => definition.queue))].toSorted();
  }

  /** Types that this process can run. */
  handledTypes(): string[] {
    return [...this.entries].filter(([, { handler }]) => handler).map(([type]) => type);
  }

  types(): string[] {
    return [...this.entries.keys()];
  }

  private define(definition: TaskDefinition): void {
    const known = this.entries.get(definition.type);
    if (known && known.definition !== definition)
      throw new Error(`two definitions for task type ${definition.type}`);
    if (!known) this.entries.set(definition.type, { definition });
  }

  private handle(definition: TaskDefinition, handler: TaskHandler<TaskDefinition>): void {
    this.define(definition);
    const entry = this.entries.get(definition.type);
    if (entry?.handler) throw new Error(`two handlers for task type ${definition.type}`);
    if (entry) entry.handler = handler;
  }
}

function isDefinitionToken(token: unknown): boolean {
  return typeof token === 'string' && token.startsWith(`${TASK_DEFINITION}:`);
}

/** The provider by which a feature's shared module makes a task type known to every process. */
export function provideTask(definition: TaskDefinition) {
  return { provide: `${TASK_DEFINITION}:${definition.type}`, useValue: definition };
}
