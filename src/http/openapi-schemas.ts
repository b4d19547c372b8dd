import type { SwaggerDocumentOptions } from '@nestjs/swagger';
import { z } from 'zod';

type Converter = NonNullable<SwaggerDocumentOptions['standardSchemaConverter']>;
type JsonSchema = Record<string, unknown>;
type Components = Record<string, JsonSchema>;

interface Converted {
  schema: JsonSchema;
  components: Components;
}

/**
 * Turns a Zod schema into OpenAPI 3.0. Schemas with an id become components; one that looks different as input and as
 * output (defaults, transformations) is called `<id>Input` where it is input, so that names never collide.
 */
export const schemaConverter: Converter = (schema, { schemaType }) => {
  const zod = schema as z.ZodType;
  const own = converted(zod, schemaType);
  if (schemaType === 'output') return own;
  return inputOnly(own.components, converted(zod, 'output').components).reduce(renameComponent, own);
};

/** The components that look different as output, or refer to one that does. */
function inputOnly(input: Components, output: Components): string[] {
  const ids = Object.keys(input);
  const found = new Set(ids.filter((id) => JSON.stringify(input[id]) !== JSON.stringify(output[id])));
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const id of ids) if ([...found].some((other) => refersTo(input[id], other))) found.add(id);
  }
  return [...found];
}

function refersTo(component: JsonSchema | undefined, id: string): boolean {
  return JSON.stringify(component).includes(`"#/definitions/${id}"`);
}

function converted(zod: z.ZodType, io: 'input' | 'output'): Converted {
  const json = z.toJSONSchema(zod, {
    target: 'openapi-3.0',
    io,
    unrepresentable: 'any',
    override: adapted,
  });
  const { definitions = {}, ...schema } = withoutAnonymous(json);
  return { schema, components: definitions as Components };
}

function adapted({ jsonSchema, zodSchema }: { jsonSchema: JsonSchema; zodSchema: z.core.$ZodTypes }): void {
  // A reader needs neither the regular expression behind `date-time` nor the promise that answers never grow.
  if (jsonSchema['format'] === 'date-time') delete jsonSchema['pattern'];
  const isStrict = zodSchema instanceof z.ZodObject && zodSchema.def.catchall !== undefined;
  if (jsonSchema['additionalProperties'] === false && !isStrict) delete jsonSchema['additionalProperties'];
  // Zod takes examples for transformed values and drops them from inputs; ours are what stands on the wire.
  const examples = z.globalRegistry.get(zodSchema)?.['examples'];
  if (examples) jsonSchema['examples'] = examples;
}

/** Recursive schemas without an id, such as `z.json()`, get names that differ from call to call: any value, then. */
function withoutAnonymous(json: object): JsonSchema {
  return JSON.parse(JSON.stringify(json), (key, value: JsonSchema) => {
    if (key.startsWith('__schema')) return undefined;
    return String(value?.['$ref']).startsWith('#/definitions/__schema') ? {} : value;
  }) as JsonSchema;
}

function renameComponent(from: Converted, id: string): Converted {
  const text = JSON.stringify(from).replaceAll(`"#/definitions/${id}"`, `"#/definitions/${id}Input"`);
  const { schema, components } = JSON.parse(text) as Converted;
  const { [id]: renamed = {}, ...others } = components;
  return { schema, components: { ...others, [`${id}Input`]: renamed } };
}
