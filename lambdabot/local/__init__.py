"""An embedded Lambda endpoint on loopback that really runs the code: the same boto3 calls, no AWS account."""
