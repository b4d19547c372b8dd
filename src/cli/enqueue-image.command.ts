import type { Command } from 'commander';
import type { z } from 'zod';
import type { AcceptedImage } from '../images/images.contract.js';
import type { Cli, Format } from './cli.js';
import { formatOption, priorityOption } from './option-parsers.js';
import { showEnqueued } from './show-enqueued.js';
import { namedSource } from './sources.js';

type Accepted = z.output<typeof AcceptedImage>;

interface ImageOptions {
  productId?: string;
  imageId?: string;
  name?: string;
  tag?: string[];
  userId: string;
  priority?: number;
  watch: boolean;
  format: Format;
}

const EXAMPLES = `
Examples:
  intake enqueue image kettle.jpg mug.png --watch
  intake enqueue image https://shop.example.com/kettle.jpg --product-id kettle-7 --tag kitchen copper`;

export function addEnqueueImage(enqueue: Command, cli: Cli): void {
  enqueue
    .command('image')
    .description('index images: uploaded ones, or what a URL or a bucket holds')
    .argument('<source...>', 'FILE, http(s) URL, or s3://bucket/key')
    .option('--product-id <id>', 'id of the product; the file name without its ending when not given')
    .option('--image-id <id>', 'which image of the product; its only one when not given')
    .option('--name <text>', 'name that search finds it by')
    .option('--tag <word...>', 'words that search finds it by')
    .option('--user-id <id>', 'whose image it is', '1')
    .addOption(priorityOption())
    .option('--watch', 'wait until all are done; exit code 1 if one fails', false)
    .addOption(formatOption())
    .addHelpText('after', EXAMPLES)
    .action(async (sources: string[], options: ImageOptions, command: Command) => {
      if (options.productId && sources.length > 1)
        command.error('error: --product-id names one product; give one FILE or URL');
      const accepted: Accepted[] = [];
      for (const source of sources) accepted.push(await enqueueImage(cli, source, options));
      const nameOf = ({ product_id }: Accepted) => product_id;
      await showEnqueued(cli, accepted, { ...options, heading: 'PRODUCT', nameOf });
    });
}

function enqueueImage(cli: Cli, source: string, options: ImageOptions): Promise<Accepted> {
  const { images, queue } = cli.client();
  const { kind, name: fileName } = namedSource(source);
  const { imageId: image_id, userId: user_id, name, tag: tags, priority } = options;
  const product_id = options.productId ?? (fileName.replace(/\.[^.]+$/, '') || fileName);
  const fields = { product_id, image_id, user_id, name, tags, priority };
  return kind === 'file' ? images.upload(source, fields) : queue.enqueue({ ...fields, image_path: source });
}
