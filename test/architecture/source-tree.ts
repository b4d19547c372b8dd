import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export interface Import {
  /** The imported file from the project's root, or the package's name; `node:` modules are left out. */
  target: string;
  isPackage: boolean;
  line: number;
}

export interface SourceFile {
  /** From the project's root, with slashes: `src/tasks/lifecycle.ts`. */
  path: string;
  text: string;
  ast: ts.SourceFile;
  /** Every import, re-export, dynamic import and import type, also those that vanish in the build. */
  imports: Import[];
}

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Reads the TypeScript below a folder of the project; what a tool generated is not ours to judge. */
export function readSources(folder: string): SourceFile[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name.split(sep).join('/')}`)
    .filter((path) => path.endsWith('.ts') && !path.startsWith('src/generated/'))
    .toSorted()
    .map((path) => parseSource(path, readFileSync(join(ROOT, path), 'utf8')));
}

export function parseSource(path: string, text: string): SourceFile {
  const ast = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const imports = descendants(ast)
    .map((node) => ({ node, specifier: specifierOf(node) }))
    .filter((found): found is { node: ts.Node; specifier: string } => found.specifier !== null)
    .filter(({ specifier }) => !specifier.startsWith('node:'))
    .map(({ node, specifier }) => ({ ...targetOf(path, specifier), line: lineOf(ast, node) }));
  return { path, text, ast, imports };
}

/** Every node below `node`, itself included, parents first. */
export function descendants(node: ts.Node): ts.Node[] {
  const found: ts.Node[] = [];
  const visit = (each: ts.Node) => {
    found.push(each);
    ts.forEachChild(each, visit);
  };
  visit(node);
  return found;
}

export function lineOf(ast: ts.SourceFile, node: ts.Node): number {
  return ast.getLineAndCharacterOfPosition(node.getStart(ast)).line + 1;
}

function specifierOf(node: ts.Node): string | null {
  if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier) {
    return (node.moduleSpecifier as ts.StringLiteral).text;
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
    return literal(node.arguments[0]);
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return literal(node.argument.literal);
  return null;
}

function literal(node: ts.Node | undefined): string | null {
  return node && ts.isStringLiteral(node) ? node.text : null;
}

function targetOf(from: string, specifier: string): { target: string; isPackage: boolean } {
  if (specifier.startsWith('.')) {
    const file = relative('/', resolve('/', dirname(from), specifier))
      .split(sep)
      .join('/');
    return { target: file.replace(/\.js$/, '.ts'), isPackage: false };
  }
  const [scope = '', name] = specifier.split('/');
  return { target: scope.startsWith('@') ? `${scope}/${name}` : scope, isPackage: true };
}
