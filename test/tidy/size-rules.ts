import { functionsOf } from './function-scanner.js';
import { LITERAL } from './source-scanner.js';
import { type Finding, findingAt, lineOf, type SourceFile, type SourceTree } from './source-tree.js';

export function fileLength(tree: SourceTree, linesMax: number): Finding[] {
  return tree.sources.flatMap((file) => {
    const lines = lineOf(file.text, file.text.length - 1);
    return lines > linesMax ? [findingAt(file, 0, `has ${lines} lines, more than ${linesMax}`)] : [];
  });
}

export function functionLength(tree: SourceTree, linesMax: number): Finding[] {
  return tree.sources.flatMap((file) =>
    functionsOf(file.code).flatMap(({ name, start, end }) => {
      const lines = lineOf(file.text, end) - lineOf(file.text, start) + 1;
      return lines > linesMax
        ? [findingAt(file, start, `${name}() has ${lines} lines, more than ${linesMax}`)]
        : [];
    }),
  );
}

export function constructorParameters(tree: SourceTree, countMax: number): Finding[] {
  return tree.sources.flatMap((file) =>
    functionsOf(file.code)
      .filter(({ name, parameterCount }) => name === 'constructor' && parameterCount > countMax)
      .map(({ start, parameterCount }) =>
        findingAt(file, start, `the constructor takes ${parameterCount} parameters, more than ${countMax}`),
      ),
  );
}

/** What stands inside a literal does not count, since the formatter cannot break it. */
export function lineLength(tree: SourceTree, columnsMax: number): Finding[] {
  return tree.sources.flatMap((file) => longLines(file, columnsMax));
}

function longLines(file: SourceFile, columnsMax: number): Finding[] {
  const found: Finding[] = [];
  let offset = 0;
  for (const line of file.text.split('\n')) {
    let columns = line.length;
    if (columns > columnsMax) {
      for (let i = 0; i < line.length; i++) if (file.kinds[offset + i] === LITERAL) columns--;
      if (columns > columnsMax) found.push(findingAt(file, offset, `has more than ${columnsMax} columns`));
    }
    offset += line.length + 1;
  }
  return found;
}
