import { expect, it } from 'vitest';
import type { Fault } from '../kernel/fault.js';
import { parse } from '../http/validation.js';
import { CreateTask } from '../tasks/tasks.contract.js';
import { DocumentPayload, ProcessDocument } from './documents.contract.js';

function faultsOf(request: unknown): string[] {
  try {
    parse(ProcessDocument, request);
    return [];
  } catch (error) {
    return ((error as Fault).options.errors ?? []).map(({ path, message }) => `${path}: ${message}`);
  }
}

it('a request is told everything that it lacks at once', () => {
  expect(faultsOf({})).toEqual([
    'document_id: is missing; it is required',
    'user_id: is missing; it is required',
    'r2_key: is missing; it is required, or source_url in its place',
    'file_name: is missing; it is required',
  ]);
});

it('a contradiction is named beside another fault', () => {
  const request = { user_id: '7', file_name: 'a.txt', filename: 'b.txt', r2_key: 'a', source_url: 'b' };
  expect(faultsOf(request)).toEqual([
    'document_id: is missing; it is required',
    'filename: says something else than file_name; send one of them',
    'source_url: is set beside r2_key; send one of them',
  ]);
});

it.each([null, [], 'text'])('%j is no request', (request) => {
  expect(faultsOf(request)).toEqual([': must be an object']);
});

it('the example of a task of any type can be sent as it is', () => {
  const [example] = (CreateTask.meta()?.examples ?? []) as CreateTask[];
  expect(parse(DocumentPayload, example?.payload)).toMatchObject({ document_id: 'handbook' });
});
