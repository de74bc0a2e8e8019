import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.apache.flink.runtime.rest.messages.MessageHeaders;
import org.apache.flink.runtime.rest.util.RestMapperUtils;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.annotation.JsonInclude;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.annotation.JsonTypeInfo;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.AnnotationIntrospector;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.BeanDescription;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JavaType;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.SerializationFeature;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.introspect.BeanPropertyDefinition;

/**
 * Prints what Flink's REST interface sends, as Flink's own classes say it: method, path and status to the fields of
 * the answer. A name that ends in ? may be missing; "string", "number" and "boolean" are values, "[]" is a list of
 * what follows, "{}" a map to it, "any" is not looked into, "cases" are told apart by className.
 *
 * <p>What a class writes by a serializer of its own is written down here.
 */
public class FlinkSchema {
  private static final ObjectMapper MAPPER = RestMapperUtils.getStrictObjectMapper();
  private static final AnnotationIntrospector NOTES = MAPPER.getSerializationConfig().getAnnotationIntrospector();
  private static final Map<String, Object> WRITTEN = new LinkedHashMap<>();
  /** Classes within whose fields the program is: what is nested in itself is not looked into. */
  private static final Set<Class<?>> ENTERED = new HashSet<>();

  static {
    Object failure = fields("class", "string", "stack-trace", "string", "serialized-throwable", "string");
    for (String id : List.of("JobID", "JobVertexID", "SlotSharingGroupId", "TriggerId", "ResourceID")) {
      WRITTEN.put(id, "string");
    }
    WRITTEN.put("SerializedThrowable", failure);
    WRITTEN.put("RawJson", "any");
    WRITTEN.put("JobConfigInfo", fields("jid", "string", "name", "string", "execution-config?", fields(
        "restart-strategy", "string", "job-parallelism", "number", "object-reuse-mode", "boolean",
        "user-config", fields("{}", "string"))));
    WRITTEN.put("JobResult", fields("id", "string", "application-status", "string",
        "accumulator-results", fields("{}", "string"), "net-runtime", "number", "failure-cause?", failure));
    WRITTEN.put("MetricCollectionResponseBody", fields("[]", fields("id", "string", "value?", "string")));
    WRITTEN.put("AggregatedMetricsResponseBody", fields("[]", fields("id", "string", "min?", "number",
        "max?", "number", "avg?", "number", "sum?", "number", "skew?", "number")));
    WRITTEN.put("JobResourceRequirementsBody", fields("{}", fields("parallelism",
        fields("lowerBound", "number", "upperBound", "number"))));
    WRITTEN.put("SerializedValue", "string");
    WRITTEN.put("JobAccumulator", fields());
  }

  public static void main(String[] arguments) throws Exception {
    Map<String, Object> schema = new TreeMap<>();
    for (String name : headerClasses(arguments[0])) {
      Class<?> type = Class.forName(name);
      if (!MessageHeaders.class.isAssignableFrom(type) || Modifier.isAbstract(type.getModifiers())) continue;
      MessageHeaders<?, ?, ?> headers = instance(type);
      JavaType[] inner = headers.getResponseTypeParameters().stream()
          .map(MAPPER::constructType).toArray(JavaType[]::new);
      JavaType answer = MAPPER.getTypeFactory().constructParametricType(headers.getResponseClass(), inner);
      if (inner.length == 0) answer = MAPPER.constructType(headers.getResponseClass());
      Object told = shapeOf(answer, 0);
      if (headers.getResponseClass().getSimpleName().equals("ConfigurationInfo")) {
        told = fields("[]", fields("key", "string", "value", "string"));
      }
      schema.put(headers.getHttpMethod() + " " + headers.getTargetRestEndpointURL(),
          fields("status", headers.getResponseStatusCode().code(), "body", told));
    }
    System.out.println(MAPPER.writer().with(SerializationFeature.INDENT_OUTPUT).writeValueAsString(schema));
  }

  private static List<String> headerClasses(String path) throws Exception {
    List<String> names = new ArrayList<>();
    try (JarFile jar = new JarFile(path)) {
      for (Enumeration<JarEntry> entries = jar.entries(); entries.hasMoreElements();) {
        String name = entries.nextElement().getName();
        if (name.startsWith("org/apache/flink/runtime/") && name.endsWith("Headers.class")) {
          names.add(name.replace('/', '.').replace(".class", ""));
        }
      }
    }
    Collections.sort(names);
    return names;
  }

  private static MessageHeaders<?, ?, ?> instance(Class<?> type) throws Exception {
    try {
      return (MessageHeaders<?, ?, ?>) type.getMethod("getInstance").invoke(null);
    } catch (NoSuchMethodException none) {
      var constructor = type.getDeclaredConstructor();
      constructor.setAccessible(true);
      return (MessageHeaders<?, ?, ?>) constructor.newInstance();
    }
  }

  private static Object shapeOf(JavaType type, int depth) {
    Class<?> raw = type.getRawClass();
    Object written = WRITTEN.get(raw.getSimpleName());
    if (written != null) return written;
    if (type.isCollectionLikeType() || type.isArrayType()) {
      return fields("[]", shapeOf(type.getContentType(), depth + 1));
    }
    if (type.isMapLikeType()) return fields("{}", shapeOf(type.getContentType(), depth + 1));
    if (raw == boolean.class || raw == Boolean.class) return "boolean";
    if (raw.isPrimitive() || Number.class.isAssignableFrom(raw)) return "number";
    if (raw == String.class || raw.isEnum()) return "string";
    BeanDescription bean = MAPPER.getSerializationConfig().introspect(type);
    var cases = NOTES.findSubtypes(bean.getClassInfo());
    JsonTypeInfo kinds = raw.getAnnotation(JsonTypeInfo.class);
    if (cases != null && kinds != null && Modifier.isAbstract(raw.getModifiers()) || isRoot(raw, cases)) {
      Map<String, Object> shapes = new LinkedHashMap<>();
      for (var one : cases) shapes.put(one.getName(), beanOf(MAPPER.constructType(one.getType()), depth));
      return fields("cases", shapes);
    }
    return beanOf(type, depth);
  }

  private static boolean isRoot(Class<?> raw, java.util.Collection<?> cases) {
    return cases != null && raw.getSuperclass() == Object.class;
  }

  private static Object beanOf(JavaType type, int depth) {
    BeanDescription bean = MAPPER.getSerializationConfig().introspect(type);
    if (!ENTERED.add(type.getRawClass())) return "any";
    Map<String, Object> shape = new TreeMap<>();
    boolean mayLack = isOptional(NOTES.findPropertyInclusion(bean.getClassInfo()).getValueInclusion());
    if (bean.getClassInfo().getAnnotation(JsonTypeInfo.class) != null) shape.put("className", "string");
    for (BeanPropertyDefinition property : bean.findProperties()) {
      if (!property.couldSerialize()) continue;
      var accessor = property.getAccessor();
      boolean optional = mayLack || isOptional(NOTES.findPropertyInclusion(accessor).getValueInclusion());
      shape.put(property.getName() + (optional ? "?" : ""), shapeOf(accessor.getType(), depth + 1));
    }
    ENTERED.remove(type.getRawClass());
    return shape;
  }

  private static boolean isOptional(JsonInclude.Include include) {
    return include != JsonInclude.Include.USE_DEFAULTS && include != JsonInclude.Include.ALWAYS;
  }

  private static Map<String, Object> fields(Object... namesAndShapes) {
    Map<String, Object> all = new LinkedHashMap<>();
    for (int i = 0; i < namesAndShapes.length; i += 2) all.put((String) namesAndShapes[i], namesAndShapes[i + 1]);
    return all;
  }
}
