import {
  decodeBase64,
  MillraceError,
  type PrimitiveNode,
  parseIso8601,
  type TypeNode,
} from '../../core/internal.js';

const WHOLE = /^\s*[+-]?\d+\s*$/;
/** No two parts of it match the same digits, which would take time by the square of their number. */
const DECIMAL = /^\s*[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?\s*$/i;
const NOT_FINITE: ReadonlyMap<string, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);

/** A column that the type names. */
export interface CsvColumn {
  readonly name: string;
  readonly kind: PrimitiveNode['kind'];
  /** An empty field is undefined, and the column may be missing. */
  readonly optional: boolean;
}

/**
 * The columns of a declared type.
 *
 * @throws MillraceError MR1001 if it is no object, or a field of it is more than a single value
 */
export function csvColumnsOf(type: TypeNode): readonly CsvColumn[] {
  if (type?.kind !== 'object') {
    throw new MillraceError('MR1001', 'A CSV source needs the type of its records: an object.', {
      hint: "FileSource.csv('flights.csv', types.object({ origin: types.string, delay: types.int32 }))",
    });
  }
  return type.fields.map(({ name, type: node }) => {
    const optional = node.kind === 'optional';
    return { name, kind: singleKind(optional ? node.element : node, name), optional };
  });
}

function singleKind(node: TypeNode, name: string): PrimitiveNode['kind'] {
  switch (node.kind) {
    case 'optional':
    case 'array':
    case 'map':
    case 'object':
    case 'union':
    case 'void':
      throw new MillraceError(
        'MR1001',
        `The field '${name}' is of the kind ${node.kind}, which no CSV field can hold.`,
        {
          hint: 'Declare it a string, and convert it in a map function.',
        },
      );
    default:
      return node.kind;
  }
}

/**
 * The value of a field's text.
 *
 * @throws MillraceError MR2002 if the text is none of the column's type
 */
export function convertCsvField(column: CsvColumn, text: string): unknown {
  if (text === '' && column.optional) return undefined;
  switch (column.kind) {
    case 'string':
    case 'dynamic':
      return text;
    case 'int32': {
      const value = Number(text);
      if ((value | 0) === value && WHOLE.test(text)) return value | 0;
      break;
    }
    case 'float64': {
      const value = DECIMAL.test(text) ? Number(text) : NOT_FINITE.get(text.trim());
      if (value !== undefined) return value;
      break;
    }
    case 'boolean': {
      const word = text.trim().toLowerCase();
      if (word === 'true' || word === '1') return true;
      if (word === 'false' || word === '0') return false;
      break;
    }
    case 'timestamp': {
      const ms = WHOLE.test(text) ? Number(text) : parseIso8601(text.trim());
      if (ms !== undefined && Number.isSafeInteger(ms)) return ms;
      break;
    }
    case 'bigint':
      if (WHOLE.test(text)) return BigInt(text.trim().replace('+', ''));
      break;
    case 'bytes': {
      const bytes = decodeBase64(text);
      if (bytes !== undefined) return bytes;
      break;
    }
  }
  throw new MillraceError('MR2002', `Column '${column.name}' holds '${text}', which is no ${column.kind}.`, {
    hint:
      text === '' ? 'Declare it types.optional(...) if it may be empty.' : 'Declare the type that it has.',
  });
}
