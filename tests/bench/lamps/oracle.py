"""The oracle: DuckDB over the generator's truth. A run is void unless every row matches.

Runs in the peers' environment `bench`, never in the hub's:
`python oracle.py TRUTH ROWS counted|delivered lamp|borough`.
Rows are CSV `place,minute,n,power_dw,faults`: integers, minute = epoch seconds. Prints one JSON object.
"""

import json
import sys

import duckdb

COMPARE = """
with truth as (
    select {by} as place, time_s - time_s % 60 as minute, count(*) as n, sum(power_dw) as power_dw, sum(fault) as faults
    from read_csv(?, header = true) where ? or resent = 0 group by all),
found as (select * from read_csv(?, header = true, columns = {{
    'place': 'varchar', 'minute': 'bigint', 'n': 'bigint', 'power_dw': 'bigint', 'faults': 'bigint'}})),
compared as (
    select place, minute, truth.n as wanted, found.n as got,
        (truth.n, truth.power_dw, truth.faults) is distinct from (found.n, found.power_dw, found.faults) as wrong
    from truth full outer join found using (place, minute))
select count(*) as rows, count(*) filter (wrong) as mismatching,
    coalesce(sum(wanted), 0) as wanted, coalesce(sum(got), 0) as got,
    min({{'place': place, 'minute': minute, 'wanted': wanted, 'got': got}}) filter (wrong) as first
from compared
"""


def judge(truth: str, rows: str, meaning: str, by: str) -> dict[str, object]:
    """Compare a system's rows with the truth.

    Args:
        meaning: `counted` = re-sent records count once; `delivered` = they count again, for peers that do not
            deduplicate.
        by: what a row stands for beside its minute.
    """
    found = duckdb.execute(COMPARE.format(by=by), [truth, meaning == "delivered", rows])
    names = [column[0] for column in found.description]
    (row,) = found.fetchall()
    return dict(zip(names, row, strict=True))


if __name__ == "__main__":
    print(json.dumps(judge(*sys.argv[1:]), default=int))
