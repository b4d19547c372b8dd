import { Command } from 'commander';
import { expect, it } from 'vitest';
import type { Cli } from './cli.js';
import { addEnqueueDocument } from './enqueue-document.command.js';

/** What the line makes of its sources, call by call. */
async function callsOf(...line: string[]) {
  const calls: unknown[] = [];
  const accepted = { document_id: 'd', task_id: 't', status: 'queued' };
  const documents = {
    upload: (path: string, fields: unknown) =>
      Promise.resolve((calls.push(['upload', path, fields]), accepted)),
    process: (fields: unknown) => Promise.resolve((calls.push(['process', fields]), accepted)),
  };
  const program = new Command();
  addEnqueueDocument(program, { client: () => ({ documents }), show: () => {} } as unknown as Cli);
  await program.parseAsync(['document', ...line], { from: 'user' });
  return calls;
}

const said = { user_id: '1', priority: undefined };

it('uploads files and names what lies elsewhere, each under its own last name', async () => {
  const uri = 's3://scans/2026/scan.pdf';
  const url = 'https://example.com/de/Gr%C3%BC%C3%9Fe.html?v=2#top';
  expect(await callsOf('inbox/a.pdf', uri, url, 'http://example.com/')).toEqual([
    ['upload', 'inbox/a.pdf', { ...said, document_id: 'a.pdf' }],
    ['process', { ...said, document_id: 'scan.pdf', r2_key: uri, file_name: 'scan.pdf' }],
    ['process', { ...said, document_id: 'Grüße.html', source_url: url, file_name: 'Grüße.html' }],
    [
      'process',
      { ...said, document_id: 'example.com', source_url: 'http://example.com/', file_name: 'example.com' },
    ],
  ]);
});

it('keeps the id that it is given, and half an escape as it is', async () => {
  expect(await callsOf('https://example.com/100%', '--document-id', 'x')).toEqual([
    ['process', { ...said, document_id: 'x', source_url: 'https://example.com/100%', file_name: '100%' }],
  ]);
});
