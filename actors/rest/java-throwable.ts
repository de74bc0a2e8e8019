import { encodeBase64, withoutUserInfo } from '../../core/internal.js';

/**
 * The form of a failure that Flink's client wants: beside texts, a Java object as Java serialises it, which the
 * client reads back. The object is Flink's own envelope for foreign throwables, with a message, no frames and
 * nothing in the envelope, so that it shows the message.
 */
export interface JavaThrowable {
  readonly class: string;
  readonly 'stack-trace': string;
  readonly 'serialized-throwable': string;
}

const CLASS = 'org.apache.flink.util.FlinkException';

export function javaThrowable(text: string): JavaThrowable {
  // Nobody finds them in the bytes.
  const message = withoutUserInfo(text);
  const trace = `${CLASS}: ${message}`;
  return {
    class: CLASS,
    'stack-trace': trace,
    'serialized-throwable': encodeBase64(serializedThrowable(message, trace)),
  };
}

/** Tags and flags of the Java Object Serialization Stream Protocol. */
const NULL = 0x70;
const REFERENCE = 0x71;
const CLASS_DESCRIPTION = 0x72;
const OBJECT = 0x73;
const STRING = 0x74;
const ARRAY = 0x75;
const END_OF_BLOCK = 0x78;
const SERIALIZABLE = 0x02;
const WRITE_METHOD = 0x01;
/** The number of the first thing in a stream that can be referred to. */
const FIRST_HANDLE = 0x7e0000;

const STRING_TYPE = 'Ljava/lang/String;';
/** A string's length is written in two bytes. */
const TEXT_MAX = 8000;

class JavaObjectStream {
  readonly #bytes: number[] = [0xac, 0xed, 0x00, 0x05];
  #handles = 0;

  get bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  byte(value: number): this {
    this.#bytes.push(value & 0xff);
    return this;
  }

  short(value: number): this {
    return this.byte(value >> 8).byte(value);
  }

  int(value: number): this {
    return this.short(value >> 16).short(value);
  }

  /** Sixteen hex digits. */
  long(hex: string): this {
    for (let i = 0; i < 16; i += 2) this.byte(Number.parseInt(hex.slice(i, i + 2), 16));
    return this;
  }

  /** Java's variant of UTF-8: a unit of UTF-16 at a time, and no byte that is zero. */
  text(value: string): this {
    const encoded: number[] = [];
    for (let i = 0; i < value.length; i++) {
      const unit = value.charCodeAt(i);
      if (unit > 0 && unit < 0x80) encoded.push(unit);
      else if (unit < 0x800) encoded.push(0xc0 | (unit >> 6), 0x80 | (unit & 0x3f));
      else encoded.push(0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f));
    }
    this.short(encoded.length);
    for (const value of encoded) this.byte(value);
    return this;
  }

  /** What follows can be referred to by the number that this returns. */
  handle(): number {
    return FIRST_HANDLE + this.#handles++;
  }

  string(value: string): number {
    this.byte(STRING).text(value);
    return this.handle();
  }

  reference(handle: number): this {
    return this.byte(REFERENCE).int(handle);
  }

  /** Up to its fields. */
  describe(name: string, uid: string, flags: number, fields: number): number {
    this.byte(CLASS_DESCRIPTION).text(name).long(uid);
    const handle = this.handle();
    this.byte(flags).short(fields);
    return handle;
  }
}

/** An `org.apache.flink.util.SerializedThrowable`, as Java writes it. */
function serializedThrowable(message: string, trace: string): Uint8Array {
  const stream = new JavaObjectStream();
  stream.byte(OBJECT);
  stream.describe('org.apache.flink.util.SerializedThrowable', '65169df51fa713f3', SERIALIZABLE, 3);
  stream.byte(0x4c).text('fullStringifiedStackTrace');
  const stringType = stream.string(STRING_TYPE);
  stream.byte(0x4c).text('originalErrorClassName').reference(stringType);
  stream.byte(0x5b).text('serializedException');
  stream.string('[B');
  stream.byte(END_OF_BLOCK);
  stream.describe('java.lang.Exception', 'd0fd1f3e1a3b1cc4', SERIALIZABLE, 0);
  stream.byte(END_OF_BLOCK);
  stream.describe('java.lang.Throwable', 'd5c635273977b8cb', SERIALIZABLE | WRITE_METHOD, 4);
  stream.byte(0x4c).text('cause');
  stream.string('Ljava/lang/Throwable;');
  stream.byte(0x4c).text('detailMessage').reference(stringType);
  stream.byte(0x5b).text('stackTrace');
  stream.string('[Ljava/lang/StackTraceElement;');
  stream.byte(0x4c).text('suppressedExceptions');
  stream.string('Ljava/util/List;');
  stream.byte(END_OF_BLOCK).byte(NULL);
  stream.handle();
  // Of Throwable: no cause, the message, no frames, nothing suppressed.
  stream.byte(NULL);
  stream.string(shortened(message));
  stream.byte(ARRAY);
  stream.describe('[Ljava.lang.StackTraceElement;', '02462a3c3cfd2239', SERIALIZABLE, 0);
  stream.byte(END_OF_BLOCK).byte(NULL);
  stream.handle();
  stream.int(0);
  stream.byte(NULL).byte(END_OF_BLOCK);
  // Of SerializedThrowable: the text, the name of the class that it stands for, and an envelope without content.
  stream.string(shortened(trace));
  stream.string(CLASS);
  stream.byte(NULL);
  return stream.bytes;
}

function shortened(text: string): string {
  return text.length <= TEXT_MAX ? text : `${text.slice(0, TEXT_MAX)}...`;
}
