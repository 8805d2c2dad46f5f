"""Writes what another reader, pyarrow, finds in the files of apache/, and invoices as several writers write them.

    python3 make.py          expected.json, and the files in invoice/ (pip install pyarrow duckdb polars fastparquet)

Texts follow the rules that verifier-core states for cells: the forms of CSV, nothing for an absent value. A floating number
is marked, since its shortest digits can be written in two ways; doubles are compared as doubles. A number that is infinite or
none is marked too: a file is refused at such a cell.
"""

import csv
import datetime
import decimal
import json
import math
from pathlib import Path

import duckdb
import fastparquet
import polars
import pyarrow as pa
import pyarrow.parquet as pq

TOP = Path(__file__).resolve().parent
INVOICE = TOP.parents[2] / "verifier-cli/tests/cmd/fixtures/invoice.csv"


# Its annotation is of a newer format than any, so that what the bytes mean is not known.
UNKNOWN = {"unknown-logical-type.parquet": "column with unknown type"}


class NotText(Exception):
    """A value without a form as text."""


def text(value, kind):
    if value is None:
        return ""
    if pa.types.is_null(kind):
        return ""
    if pa.types.is_boolean(kind):
        return "true" if value else "false"
    if pa.types.is_integer(kind):
        return str(value)
    if pa.types.is_floating(kind) and not pa.types.is_float16(kind):
        return {"float": value if math.isfinite(value) else None}
    if pa.types.is_decimal(kind):
        return format(value, "f")
    if pa.types.is_timestamp(kind):
        seconds, micros = divmod(value, 1_000_000)
        base = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)
        digits = f".{micros:06}" if micros else ""
        return base.strftime("%Y-%m-%dT%H:%M:%S") + digits + "Z"
    if pa.types.is_date32(kind):
        return value.isoformat()
    if pa.types.is_string(kind):
        return value
    if pa.types.is_binary(kind):
        return value.decode()
    if pa.types.is_map(kind) and not pa.types.is_nested(kind.item_type):
        pairs = [(text(key, kind.key_type), text(item, kind.item_type) if item is not None else None) for key, item in value]
        if any(isinstance(part, dict) for pair in pairs for part in pair):
            raise NotText
        return "{" + ",".join(f"{dump(key)}:{dump(item)}" for key, item in pairs) + "}" if pairs else ""
    raise NotText


def dump(value):
    return json.dumps(value, ensure_ascii=False)


def cells(column):
    kind = column.type
    if pa.types.is_struct(kind) or pa.types.is_list(kind):
        raise NotText
    if pa.types.is_timestamp(kind):
        # Nanoseconds are cut off, which Python's types cannot hold.
        counts = column.cast(pa.int64()).to_pylist()
        factor = {"s": 1_000_000, "ms": 1_000, "us": 1, "ns": 1}[kind.unit]
        counts = [None if n is None else n * factor // (1_000 if kind.unit == "ns" else 1) for n in counts]
        return [text(n, kind) for n in counts]
    return [text(value, kind) for value in column.to_pylist()]


def expected():
    found = {}
    for file in sorted((TOP / "apache").glob("*.parquet")):
        table = pq.read_table(file)
        columns, left_out = {}, []
        for name, column in zip(table.column_names, table.columns):
            try:
                if UNKNOWN.get(file.name) == name:
                    raise NotText
                columns[name] = cells(column)
            except (NotText, UnicodeDecodeError):
                left_out.append(name)
        found[file.name] = {"columns": columns, "left_out": left_out}
    lines = (f"{dump(name)}: {json.dumps(own, ensure_ascii=True)}" for name, own in found.items())
    (TOP / "expected.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


def invoices():
    with INVOICE.open(newline="") as file:
        rows = list(csv.DictReader(file))
    time = lambda row: datetime.datetime.fromisoformat(row["ChargePeriodStart"])  # noqa: E731
    blank = lambda name: pa.array([row[name] or None for row in rows], pa.string())  # noqa: E731
    names = ["BillingCurrency", "ChargeCategory", "ChargeClass", "ProviderName", "ResourceId", "SkuId"]
    words = {name: blank(name) for name in names}
    exact = [decimal.Decimal(row["BilledCost"]) for row in rows]
    tags = [list(json.loads(row["Tags"]).items()) for row in rows]
    maps = pa.array(tags, pa.map_(pa.string(), pa.string()))
    times = [time(row) for row in rows]
    utc, naive = pa.timestamp("us", tz="UTC"), pa.timestamp("us")

    def write(name, cost, when, tag, **options):
        table = pa.table({"BilledCost": cost, **words, "ChargePeriodStart": when, "Tags": tag})
        pq.write_table(table, TOP / "invoice" / name, **options)

    doubles = pa.array([float(cost) for cost in exact])
    words["ChargeClass"] = pa.nulls(len(rows))
    write("double-snappy-map.parquet", doubles, pa.array(times, utc), maps, compression="snappy", row_group_size=7)
    words["ChargeClass"] = blank("ChargeClass")
    write(
        "decimal-zstd-v2.parquet", pa.array(exact, pa.decimal128(18, 6)), pa.array(times, utc), maps,
        compression="zstd", data_page_version="2.0", write_page_checksum=True, data_page_size=64,
    )
    write(
        "int64-decimal-gzip.parquet", pa.array(exact, pa.decimal128(12, 6)), pa.array([t.replace(tzinfo=None) for t in times], naive),
        blank("Tags"), compression="gzip", use_dictionary=False, store_decimal_as_integer=True,
    )
    write(
        "delta-int96.parquet", doubles, pa.array([t.replace(tzinfo=None) for t in times], pa.timestamp("ns")), blank("Tags"),
        compression="none", use_dictionary=False, use_deprecated_int96_timestamps=True, data_page_version="2.0",
        column_encoding={"ResourceId": "DELTA_BYTE_ARRAY", "ProviderName": "DELTA_LENGTH_BYTE_ARRAY", "BilledCost": "BYTE_STREAM_SPLIT"},
    )
    write("brotli.parquet", doubles, pa.array(times, utc), maps, compression="brotli")
    lists = pa.array([[f"{key}={value}" for key, value in tag] for tag in tags])
    write("tags-as-list.parquet", doubles, pa.array(times, utc), lists)
    wrong = list(exact)
    wrong[20] = -wrong[20]
    write("negative.parquet", pa.array(wrong, pa.decimal128(18, 6)), pa.array(times, utc), maps, row_group_size=10)
    numbers = [float(cost) for cost in exact]
    numbers[4] = float("nan")
    write("nan.parquet", pa.array(numbers), pa.array(times, utc), maps)


def other_writers():
    with INVOICE.open(newline="") as file:
        rows = list(csv.DictReader(file))
    frame = polars.DataFrame({name: [row[name] or None for row in rows] for name in rows[0]})
    frame = frame.with_columns(
        polars.col("BilledCost").cast(polars.Float64), polars.col("ChargePeriodStart").str.to_datetime(time_zone="UTC")
    )
    frame.write_parquet(TOP / "invoice/polars-zstd.parquet")
    connection = duckdb.connect()
    connection.register("frame", frame.to_arrow())
    tags = "map {'keel_permit_id': json_extract_string(Tags, 'keel_permit_id')}"
    rows = f"select * replace (cast(BilledCost as decimal(18, 6)) as BilledCost, {tags} as Tags) from frame"
    connection.execute(f"copy ({rows}) to '{TOP}/invoice/duckdb-v2.parquet' (format parquet, parquet_version V2)")
    pandas = frame.to_pandas()
    pandas["ChargePeriodStart"] = pandas.ChargePeriodStart.dt.tz_localize(None)
    fastparquet.write(str(TOP / "invoice/fastparquet-int96.parquet"), pandas, times="int96", compression="GZIP")


if __name__ == "__main__":
    expected()
    invoices()
    other_writers()
