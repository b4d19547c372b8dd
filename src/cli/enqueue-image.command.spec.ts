import { Command } from 'commander';
import { expect, it } from 'vitest';
import type { Cli } from './cli.js';
import { addEnqueueImage } from './enqueue-image.command.js';

/** What the line makes of its sources, call by call. */
async function callsOf(...line: string[]) {
  const calls: unknown[] = [];
  const accepted = { product_id: 'p', task_id: 't', status: 'queued' };
  const client = {
    images: {
      upload: (path: string, fields: unknown) =>
        Promise.resolve((calls.push(['upload', path, fields]), accepted)),
    },
    queue: { enqueue: (fields: unknown) => Promise.resolve((calls.push(['enqueue', fields]), accepted)) },
  };
  const program = new Command();
  addEnqueueImage(program, { client: () => client, show: () => {} } as unknown as Cli);
  await program.parseAsync(['image', ...line], { from: 'user' });
  return calls;
}

const said = { image_id: undefined, user_id: '1', name: undefined, tags: undefined, priority: undefined };

it('uploads files and names what lies elsewhere, each product after its file', async () => {
  const url = 'https://example.com/shop/kettle.front.jpg?v=2';
  expect(await callsOf('inbox/mug.png', url, 's3://catalogue/cup')).toEqual([
    ['upload', 'inbox/mug.png', { ...said, product_id: 'mug' }],
    ['enqueue', { ...said, product_id: 'kettle.front', image_path: url }],
    ['enqueue', { ...said, product_id: 'cup', image_path: 's3://catalogue/cup' }],
  ]);
});

it('says of an image what it is told', async () => {
  const options = ['--product-id', '7', '--image-id', 'side', '--name', 'Mug', '--tag', 'red', 'tall'];
  expect(await callsOf('mug.png', ...options)).toEqual([
    ['upload', 'mug.png', { ...said, product_id: '7', image_id: 'side', name: 'Mug', tags: ['red', 'tall'] }],
  ]);
});
