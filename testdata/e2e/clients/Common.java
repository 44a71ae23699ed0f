import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.UUID;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;
import org.postgresql.util.PGInterval;
import org.postgresql.util.PSQLException;

/** Clients' scripts by pgjdbc. The server comes by PG* variables. */
public class Common {
    public static void main(String[] args) throws Exception {
        switch (args[0]) {
            case "script" -> script(args[1], args[2]);
            case "page" -> page(args[1], args[2].equals("two"));
            case "cancel" -> cancel(args[1]);
            case "copy" -> copy(args[1]);
            case "tls" -> tls(args[1]);
            default -> throw new IllegalArgumentException(args[0]);
        }
    }

    static Connection connect(String options) throws SQLException {
        String url = "jdbc:postgresql://" + System.getenv("PGHOST") + ":" + System.getenv("PGPORT") + "/"
                + System.getenv("PGDATABASE") + "?" + options;
        return DriverManager.getConnection(url, System.getenv("PGUSER"), System.getenv("PGPASSWORD"));
    }

    static String unescape(String s) {
        StringBuilder b = new StringBuilder();
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            if (c == '\\') {
                c = s.charAt(++i);
                c = c == 't' ? '\t' : c == 'n' ? '\n' : c;
            }
            b.append(c);
        }
        return b.toString();
    }

    static void set(PreparedStatement st, int i, String type, String v) throws SQLException {
        if (v == null) {
            st.setNull(i, type.startsWith("int") ? Types.BIGINT : Types.VARCHAR);
            return;
        }
        switch (type) {
            case "int2" -> st.setShort(i, Short.parseShort(v));
            case "int4" -> st.setInt(i, Integer.parseInt(v));
            case "int8" -> st.setLong(i, Long.parseLong(v));
            case "numeric" -> {
                if (v.equals("NaN")) {
                    st.setObject(i, Double.NaN, Types.NUMERIC);
                } else {
                    st.setBigDecimal(i, new BigDecimal(v));
                }
            }
            case "float4" -> st.setFloat(i, Float.parseFloat(v));
            case "float8" -> st.setDouble(i, Double.parseDouble(v));
            case "bool" -> st.setBoolean(i, v.equals("true"));
            case "date" -> st.setObject(i, LocalDate.parse(v));
            case "time" -> st.setObject(i, LocalTime.parse(v));
            case "timestamp" -> st.setObject(i, LocalDateTime.parse(v.replace(' ', 'T')));
            case "timestamptz" -> st.setObject(i, OffsetDateTime.parse(v.replace(' ', 'T') + ":00"));
            case "interval" -> st.setObject(i, new PGInterval(v));
            case "bytea" -> {
                byte[] b = new byte[(v.length() - 2) / 2];
                for (int k = 0; k < b.length; k++) {
                    b[k] = (byte) Integer.parseInt(v.substring(2 + 2 * k, 4 + 2 * k), 16);
                }
                st.setBytes(i, b);
            }
            case "uuid" -> st.setObject(i, UUID.fromString(v));
            default -> st.setString(i, v);
        }
    }

    static void show(Statement st, boolean rows) throws SQLException {
        if (!rows) {
            System.out.println("update count " + st.getUpdateCount());
            return;
        }
        try (ResultSet rs = st.getResultSet()) {
            ResultSetMetaData md = rs.getMetaData();
            int n = md.getColumnCount();
            for (int c = 1; c <= n; c++) {
                System.out.println("column " + md.getColumnLabel(c) + " " + md.getColumnTypeName(c) + " " + md.getColumnClassName(c)
                        + " " + md.getPrecision(c) + " " + md.getScale(c) + " " + md.getColumnDisplaySize(c));
            }
            while (rs.next()) {
                StringBuilder b = new StringBuilder("row");
                for (int c = 1; c <= n; c++) {
                    Object o = rs.getObject(c);
                    if (o instanceof byte[] x) {
                        b.append(" [").append(Arrays.toString(x)).append(']');
                    } else {
                        b.append(" [").append(o).append('|').append(rs.getString(c)).append(']');
                    }
                }
                System.out.println(b);
            }
        }
    }

    /** Runs the common script; mode is binary, text or simple. */
    static void script(String file, String mode) throws Exception {
        String options = switch (mode) {
            case "binary" -> "prepareThreshold=-1";
            case "text" -> "binaryTransfer=false";
            default -> "preferQueryMode=simple";
        };
        try (Connection c = connect(options)) {
            int i = 0;
            for (String line : Files.readString(Path.of(file), StandardCharsets.UTF_8).split("\n")) {
                String[] f = line.split("\t", -1);
                // $n is what the script says; JDBC says ?
                String sql = unescape(f[0]);
                String[] order = order(sql);
                System.out.println("#" + i++);
                try (PreparedStatement st = c.prepareStatement(f.length > 1 ? sql.replaceAll("\\$[0-9]+", "?") : sql)) {
                    for (int round = 0; round < (f.length > 1 ? 2 : 1); round++) {
                        for (int k = 0; k < order.length && f.length > 1; k++) {
                            String[] tv = f[Integer.parseInt(order[k])].split("=", 2);
                            set(st, k + 1, tv[0], tv.length > 1 ? unescape(tv[1]) : null);
                        }
                        show(st, st.execute());
                    }
                } catch (PSQLException e) {
                    var m = e.getServerErrorMessage();
                    if (m == null) {
                        System.out.println("driver's error " + e.getSQLState() + " " + e.getMessage());
                    } else {
                        System.out.println("error " + m.getSeverity() + " " + m.getSQLState() + " " + m.getMessage() + " at " + m.getPosition());
                    }
                }
            }
        }
    }

    static String[] order(String sql) {
        var m = java.util.regex.Pattern.compile("\\$([0-9]+)").matcher(sql);
        var out = new java.util.ArrayList<String>();
        while (m.find()) {
            out.add(m.group(1));
        }
        return out.toArray(new String[0]);
    }

    /** Pages by suspended portals, one result or two side by side. */
    static void page(String sql, boolean two) throws Exception {
        try (Connection c = connect("defaultRowFetchSize=5000")) {
            c.setAutoCommit(false);
            long n = 0;
            long sum = 0;
            try (Statement a = c.createStatement(); Statement b = c.createStatement();
                    ResultSet ra = a.executeQuery(sql); ResultSet rb = two ? b.executeQuery(sql) : null) {
                while (ra.next()) {
                    sum += ra.getLong(1);
                    if (two) {
                        rb.next();
                        sum += rb.getLong(1);
                    }
                    n++;
                }
            }
            c.rollback();
            System.out.println(n + " rows, sum " + sum);
        }
    }

    static void cancel(String sql) throws Exception {
        try (Connection c = connect(""); Statement st = c.createStatement()) {
            final long[] start = new long[1];
            Thread t = new Thread(() -> {
                try {
                    Thread.sleep(500);
                    start[0] = System.nanoTime();
                    st.cancel();
                } catch (Exception e) {
                    System.out.println(e);
                }
            });
            t.start();
            try {
                st.execute(sql);
                System.out.println("it ended by itself");
            } catch (PSQLException e) {
                long end = System.nanoTime();
                System.out.println(e.getSQLState() + " " + (end - start[0]) / 1000000);
            }
            t.join();
            try (ResultSet rs = st.executeQuery("SELECT 42")) {
                rs.next();
                System.out.println(rs.getInt(1));
            }
        }
    }

    static void copy(String sql) throws Exception {
        try (Connection c = connect("")) {
            CopyManager m = c.unwrap(PGConnection.class).getCopyAPI();
            System.out.println("rows " + m.copyOut(sql, System.out));
        }
    }

    static void tls(String options) throws Exception {
        try (Connection c = connect(options); Statement st = c.createStatement(); ResultSet rs = st.executeQuery("SELECT 42")) {
            rs.next();
            System.out.println(rs.getInt(1));
        }
    }
}
