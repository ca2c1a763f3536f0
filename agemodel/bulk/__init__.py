"""Photos in any number: listed once, estimated in shards by many processes.

A run lies in a folder, or at a URL that fsspec knows::

    OUT/
        _run.json      settings, versions, the model's checksum: see `bulk_record`
        _list.parquet  the files to be read, a row group a shard: see `file_list`
        faces/         a row a face, a part a shard: see `parts`
        files/         a row a file, a part a shard; one that is there is done

`listing` finds the files, `scheduling` deals shards out to the processes of a pool and
finds the file that ended one, `shard_work` is what a process does, and `bulk_run` puts
them together. `local_pool` and `ray_pool` are the engines; `bulk_summary` counts, and
`bulk_tables` writes CSV.
"""

from agemodel.bulk.bulk_run import BulkOptions, run_bulk
from agemodel.bulk.parts import Counts

__all__ = ["BulkOptions", "Counts", "run_bulk"]
