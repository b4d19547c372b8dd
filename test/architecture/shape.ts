import { basename } from 'node:path';
import ts from 'typescript';
import { descendants, lineOf, type SourceFile } from './source-tree.js';

const FILE_LINES = 400;
const FUNCTION_LINES = 80;
const CONSTRUCTOR_PARAMETERS = 6;
/** Lists that only grow in length: named SQL, wire shapes, variables, codes. */
const EXEMPT_FROM_SIZE = /\.sql\.ts$|\.contract\.ts$|(^|\/)(environment|fault-codes)\.ts$/;

const FILE_NAME = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+){0,2}\.ts$/;
const ROLES =
  'module contract task handler controller service repository adapter command gateway spec sql thread child sweep filter decorator registry api worker cli config';
const EMPTY_NAMES = /(^|-)(utils?|helpers?|commons?|managers?|misc)(-|\.|$)/;

/** File names that are not `noun.role.ts` in kebab case, or that say nothing. */
export function badNames(paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    const name = basename(path);
    const roles = name.split('.').slice(1, -1);
    const unknown = path.startsWith('src/') && roles.find((role) => !ROLES.split(' ').includes(role));
    if (!FILE_NAME.test(name)) return [`${path}: not kebab case`];
    if (unknown) return [`${path}: "${unknown}" is no role; the roles are ${ROLES}`];
    return path.split('/').some((part) => EMPTY_NAMES.test(part)) ? [`${path}: the name says nothing`] : [];
  });
}

/** Files, functions and constructors beyond the stops of the house. */
export function oversized(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    const { path, ast } = file;
    const exempt = EXEMPT_FROM_SIZE.test(path);
    const lines = file.text.trimEnd().split('\n').length;
    const long = exempt ? [] : longFunctions(file);
    const wide = descendants(ast)
      .filter(ts.isConstructorDeclaration)
      .filter(({ parameters }) => parameters.length > CONSTRUCTOR_PARAMETERS)
      .map((node) => `${path}:${lineOf(ast, node)} a constructor with ${node.parameters.length} parameters`);
    return [...(!exempt && lines > FILE_LINES ? [`${path} has ${lines} lines`] : []), ...long, ...wide];
  });
}

/** Module files that do not open with a comment of what they own, promise and never do. */
export function headless(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => path.endsWith('.module.ts'))
    .filter(({ text }) => !saysWhatItIs(text))
    .map(({ path }) => `${path} does not open with a comment that says owns:, promises: and never:`);
}

function saysWhatItIs(text: string): boolean {
  const lines = text.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('//'));
  const comment = lines.slice(0, end).join(' ');
  return ['owns:', 'promises:', 'never:'].every((word) => comment.includes(word));
}

/** A suite's callback holds many tests and is no function of its own. */
function longFunctions({ path, ast }: SourceFile): string[] {
  if (path.endsWith('.spec.ts')) return [];
  return descendants(ast)
    .filter(
      (node): node is ts.FunctionLikeDeclaration =>
        ts.isFunctionLike(node) && 'body' in node && node.body !== undefined,
    )
    .map((node) => ({ node, lines: lineOf(ast, node.getLastToken(ast) ?? node) - lineOf(ast, node) + 1 }))
    .filter(({ lines }) => lines > FUNCTION_LINES)
    .map(({ node, lines }) => `${path}:${lineOf(ast, node)} a function of ${lines} lines`);
}
